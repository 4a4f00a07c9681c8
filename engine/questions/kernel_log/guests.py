"""What lines of the balloon drivers of Xen and Hyper-V about memory hotplug look like in the kernel log, what each means, and
where it is decided."""

from __future__ import annotations

from typing import Final

from .lines import errno_words, log_line
from .sieve import literal

_HYPER_V: Final = {
    "Ignore hot-add request!": "memory that the host gave is not added: the guest may sleep (hibernation), and takes none then",
    "Currently hot-adding": "the host asks for more before the last memory that it gave is there",
    "Using Dynamic Memory protocol version ": "the driver and the host agreed how memory comes and goes",
    "Balloon request will be partially fulfilled": (
        "the host asks for more memory than the guest can spare: it gets what is above the guest's floor"
    ),
    "Ballooning disabled because page size is not 4096": "the host's pages have 4 KiB, and the guest's are bigger: none go back",
}
_XEN: Final = {
    "set_phys_to_machine() failed, no memory added": (
        "memory was short for the list of the host's pages that belong to the new range, which is not added"
    ),
    "Initialising balloon driver": "the balloon driver of Xen begins: what the host gives beyond the boot's memory it adds",
    "Waiting for initial ballooning down": "the guest gives back at its start what it has beyond its target",
}

GUEST_LINES: Final = (
    log_line(
        r"xen." + literal("balloon: ") + r".*(?:Cannot add additional memory|add_memory\(\) failed)[^-\d]*\(?(?P<errno>-?\d+)",
        lambda match: f"the balloon driver of Xen could not add memory, and goes on without. {errno_words(match['errno'])}",
        "drivers/xen/balloon.c, reserve_additional_memory",
    ),
    log_line(
        r"xen." + literal("balloon: New System RAM resource outside addressable RAM"),
        "the range that the balloon driver of Xen found for more memory lies beyond the addresses that the kernel can map",
        "drivers/xen/balloon.c, additional_memory_resource",
    ),
    log_line(
        r"xen." + literal("balloon: Cannot allocate new System RAM resource"),
        "the balloon driver of Xen found no free range of addresses for more memory",
        "drivers/xen/balloon.c, additional_memory_resource",
    ),
    log_line(
        literal("hv_balloon: Max. dynamic memory size: ") + r"(?P<size>\d+ \w+)",
        lambda match: f"the host gives the guest at most {match['size']} in all",
        "drivers/hv/hv_balloon.c, process_info",
    ),
    log_line(
        literal("hv_balloon: hot_add memory failed error is ") + r"(?P<errno>-?\d+)",
        lambda match: (
            f"the balloon driver of Hyper-V could not add memory. {errno_words(match['errno'])}"
            f"{'; the driver never tries again' if abs(int(match['errno'])) == 17 else ''}"
        ),
        "drivers/hv/hv_balloon.c, hv_mem_hot_add",
    ),
    log_line(
        literal("hv_balloon: ") + r"(?P<what>Memory hot add.*)",
        lambda match: f"the balloon driver of Hyper-V could not add memory: {match['what']}",
        "drivers/hv/hv_balloon.c, hot_add_req",
    ),
    *(
        log_line(literal(f"hv_balloon: {what}"), words, "drivers/hv/hv_balloon.c")
        for what, words in _HYPER_V.items()
    ),
    *(
        log_line(r"xen." + literal(f"balloon: {what}"), words, "drivers/xen/balloon.c")
        for what, words in _XEN.items()
    ),
)  # fmt: skip
