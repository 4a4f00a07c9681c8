"""Tests of the engine, by mechanism."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.asking", f"{__name__}.compacting", f"{__name__}.guests")
