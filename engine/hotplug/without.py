"""What kernels answer that were built without memory hotplug, or cannot take memory away."""

from __future__ import annotations

from ..memory.state import State
from ..protocol.reasons import HotplugError
from ..protocol.reasons.adding import NoHotplug
from ..protocol.reasons.taking import NoHotRemove


def without_hotplug(state: State) -> NoHotplug | None:
    """That the kernel was built without CONFIG_MEMORY_HOTPLUG, so that it shows no memory blocks either; None where it has it."""
    preset, model = state.preset, state.model
    if preset.can_hotplug(model.release):
        return None
    since, until = (
        release and f"{release[0]}.{release[1]}" for release in (preset.hotplug_since, preset.hotplug_until)
    )
    return NoHotplug(preset.geometry.arch, model.name, since or None, until or None)


def refuse_without_hotplug(state: State) -> None:
    """A kernel without CONFIG_MEMORY_HOTPLUG has no function that adds or removes memory: `HotplugError` ENOSYS, as its
    stubs answered (mhp_notimplemented)."""
    if (lacking := without_hotplug(state)) is not None:
        raise HotplugError("ENOSYS", lacking)


def refuse_without_hotremove(state: State, errno: str) -> None:
    """A kernel without CONFIG_MEMORY_HOTREMOVE has stubs that answer an errno (include/linux/memory_hotplug.h)."""
    preset, model = state.preset, state.model
    if preset.removes_since is not None and not preset.can_remove(model.release):
        since = f"{preset.removes_since[0]}.{preset.removes_since[1]}"
        raise HotplugError(errno, NoHotRemove(preset.geometry.arch, model.name, since))
