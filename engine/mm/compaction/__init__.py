"""Compaction (mm/compaction.c): when a zone is worth it, and its two scanners.

What kcompactd does by itself (vm.compaction_proactiveness, since 5.9) is not modelled: it moves movable pages within their zone
when it thinks fit. That changes which blocks hold them, and not which can go offline: isolation and migration ask nothing of it.
"""
