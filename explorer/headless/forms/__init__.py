"""What altmap prints as JSON: for each kind of document a Struct, from which its JSON Schema comes.

The Structs are not the engine's own, so that the engine can change and scripts go on. In all of them: every key is always
there, null where there is nothing to say; sizes and addresses are bytes, a pfn is a number, and an `Amount` has bytes and
pages. Within a version of a kind keys are only added; what else changes bumps the version.
"""
