"""What lines of drivers and architectures about memory hotplug look like in the kernel log, what each means, and where it is
decided."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ...numbers.units import about_bytes
from .lines import errno_words, log_line
from .sieve import literal

_SIZES: Final = {
    "start address": "the region of a virtio-mem device begins at {0:#x}",
    "region size": "the virtio-mem device can plug up to {1}",
    "device block size": "the hypervisor plugs and unplugs in units of {1}",
    "subblock size": "the driver plugs and unplugs {1} at a time, inside memory blocks",
    "big block size": "the driver plugs and unplugs {1} at a time, one or several memory blocks as a whole",
    "memory block size": "memory blocks have {1}",
}
"""What the driver of virtio-mem says of a device, and what that means of an address, or of so many bytes."""
_VIRTIO_MEM: Final = {
    "unplugging all memory (?:is )?required": (
        "the guest began anew (a reboot, kexec): the device takes all its memory out first"
    ),
    "Some (?:device )?memory is not addressable": (
        "a part of the device lies beyond the addresses that the kernel can map, and is never plugged"
    ),
    r"The alignment of the physical \w+ address": (
        "the device does not begin or end at a whole memory block, so that some of it is never plugged"
    ),
    "unknown error, marking device broken": (
        "the driver gave up: nothing is plugged or unplugged any more until the guest boots again"
    ),
    "could not reserve device region": (
        "something in /proc/iomem lies in the device's region already; the driver does not begin"
    ),
    "reloading the driver is not supported": ("the driver was unloaded with memory plugged; only a reboot begins anew"),
    r".*disabled in kdump kernel": "a crash kernel runs, which leaves the device's memory alone",
    "device still has system memory added": "the driver was unloaded, and memory that it had plugged stays in use",
    "memory block onlining denied": (
        "a block of the device was to go online in the moment in which the driver takes it out; it stays offline, and goes"
    ),
    r"bbm_block_size is (?:not a power of 2|too small)": (
        "the option bbm_block_size of the driver is no size that it can have; it takes its own"
    ),
    "config access disabled": "the driver is being unloaded, or the guest sleeps, when the hypervisor asks; it looks again later",
    r"(?:save/restore not supported|hibernation is not supported|suspending with plugged memory)": (
        "the guest cannot sleep with memory of the device plugged: the hypervisor may take that away meanwhile"
    ),
}
_KMEM: Final = {
    "could not reserve region": (
        "EBUSY: something in /proc/iomem lies in the range of the device already; it does not become system RAM"
    ),
    "memory add failed": "memory of a DAX device did not become system RAM; the line before it says why",
    "cannot be hotremoved until the next reboot": (
        "the device was unbound while blocks of it were online: they stay in use and cannot be taken out before a reboot; "
        "offline all of them first"
    ),
    "too small after alignment": "the device holds not one whole memory block",
}


_LMBS: Final = {
    r"Memory at (?P<low>[0-9a-f]+) .*was hot-added": "an LMB was added to the partition and onlined",
    r"Memory at (?P<low>[0-9a-f]+) .*was hot-removed": "an LMB went offline and left the partition",
    r"Failed to hot-remove memory at (?P<low>[0-9a-f]+)": "an LMB did not go offline; the lines before it say why",
    r"Memory (?:hot-remove|indexed-count-remove) failed, adding": (
        "not as many LMBs as were asked for went offline: all of them or none, so that those which had gone come back"
    ),
    r"Memory (?:hot-add|indexed-count-add) failed, removing": (
        "not as many LMBs as were asked for could be added: all of them or none, so that those which had come go again"
    ),
    r"Not enough LMBs available": "the partition has fewer LMBs that can go than were asked for; nothing is tried",
    r"Failed to hot-add memory at (?P<low>[0-9a-f]+)": "an LMB was not added, or not onlined; the lines before it say why",
    r"Failed to add LMB back": "an LMB that had gone did not come back: the partition has less memory than before it asked",
    r"Failed to remove LMB": "an LMB that had come did not go again: the partition keeps it, though the add as a whole failed",
}


def _of_size(words: str) -> Callable[[re.Match[str]], str]:
    return lambda match: words.format(value := int(match["value"], 16), about_bytes(value))


DRIVER_LINES: Final = (
    log_line(
        literal("System is deadlocked on memory"),
        "no memory was left and no process to kill: the machine stops",
        "mm/oom_kill.c",
    ),
    *(
        log_line(
            pattern,
            "the driver of a memory device did not get its memory added; the line before it says why",
            "drivers/acpi/acpi_memhotplug.c",
        )
        for pattern in (
            literal("acpi_memory_enable_device() error"),
            literal("add_memory failed"),
        )
    ),
    log_line(
        literal("PNP0C80:") + r"\w+: device is empty",
        "EINVAL: firmware announced a memory device and names no memory of it",
        "drivers/acpi/acpi_memhotplug.c, acpi_memory_enable_device",
    ),
    log_line(
        literal("assign storage failed (cmd=") + r"(?P<cmd>0x[0-9a-f]+), response=(?P<response>0x[0-9a-f]+)",
        lambda match: (
            f"the hypervisor or the machine did not give an increment of standby memory (response {match['response']}): its "
            f"block does not go online (EIO)"
        ),
        "drivers/s390/char/sclp_mem.c, do_assign_storage (sclp_cmd.c before 6.19)",
    ),
    log_line(
        literal("virtio_mem ") + r"\S+: (?P<what>plugged|requested) size: (?P<size>0x[0-9a-f]+)",
        lambda match: (
            f"the virtio-mem device has {about_bytes(int(match['size'], 16))} plugged"
            if match["what"] == "plugged"
            else f"the hypervisor asks for {about_bytes(int(match['size'], 16))}; altmap why tells how far it comes"
        ),
        "drivers/virtio/virtio_mem.c, virtio_mem_refresh_config",
    ),
    log_line(
        literal("SRAT: Node ") + r"(?P<node>\d+) PXM \d+ \[mem (?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)\] hotplug",
        "firmware announces a range in which memory may be plugged; without movable_node it only raises the highest address",
        "drivers/acpi/numa/srat.c",
    ),
    log_line(
        literal("kmem ") + r"\S+: (?P<what>rejecting DAX region .+)",
        lambda match: f"DAX memory did not become system RAM: {match['what']}",
        "drivers/dax/kmem.c, dev_dax_kmem_probe",
    ),
    *(
        log_line(literal("pseries-hotplug-mem: ") + what, words, "arch/powerpc/platforms/pseries/hotplug-memory.c")
        for what, words in _LMBS.items()
    ),
    log_line(
        literal("pseries-hotplug-mem: ") + r"(?P<what>.+)",
        lambda match: f"memory of a POWER partition comes or goes (DLPAR), LMB by LMB: {match['what']}",
        "arch/powerpc/platforms/pseries/hotplug-memory.c",
    ),
    log_line(
        r"node (?P<node>-?\d+)" + literal(" was absent from the node_possible_map"),
        lambda match: f"EINVAL: memory was to come to node {match['node']}, which firmware did not announce at boot (SRAT)",
        "mm/memory_hotplug.c, add_memory_resource",
    ),
    log_line(
        literal("PNP0C80:") + r"\w+: Eject (?:failed|incomplete)",
        "a DIMM whose memory had gone was not taken by the hypervisor or the firmware",
        "drivers/acpi/scan.c, acpi_scan_hot_remove",
    ),
    log_line(
        literal("PNP0C80:") + r"\w+: (?P<what>Memory device configured by ACPI|Still not present|Already enumerated)",
        lambda match: {
            "Memory device configured by ACPI": "the memory of a DIMM was added",
            "Still not present": "the hypervisor announced a DIMM that is not there",
        }.get(match["what"], "a DIMM was announced that is known already"),
        "drivers/acpi/acpi_memhotplug.c; drivers/acpi/scan.c",
    ),
    *(
        log_line(
            r"virtio_mem \S+: " + literal(what) + r": (?P<value>0x[0-9a-f]+)",
            _of_size(words),
            "drivers/virtio/virtio_mem.c, virtio_mem_init_hotplug",
        )
        for what, words in _SIZES.items()
    ),
    log_line(
        literal("virtio_mem ")
        + r"\S+: (?P<what>adding memory|plugging memory|(?:offlining and )?removing memory|unplugging (?:all )?memory) "
        + r"failed: (?P<errno>-?\d+)",
        lambda match: (
            f"{match['what']} did not succeed{'; the driver tries again later' if match['errno'] in ('-12', '-16') else ''}. "
            f"{errno_words(match['errno'])}"
        ),
        "drivers/virtio/virtio_mem.c",
    ),
    log_line(
        literal("virtio_mem ")
        + r"\S+: (?P<what>adding|offlining(?: and removing)?|removing|plugging|unplugging) memory: "
        + r"(?P<low>0x[0-9a-f]+) - (?P<high>0x[0-9a-f]+)",
        lambda match: f"the driver begins with {match['what']} this memory",
        "drivers/virtio/virtio_mem.c",
    ),
    log_line(
        literal("virtio_mem ") + r"\S+: nid: (?P<node>\d+)",
        lambda match: f"what the virtio-mem device plugs comes to node {match['node']}",
        "drivers/virtio/virtio_mem.c, virtio_mem_init_hotplug",
    ),
    *(
        log_line(literal("virtio_mem ") + rf"\S+: {what}", words, "drivers/virtio/virtio_mem.c")
        for what, words in _VIRTIO_MEM.items()
    ),
    log_line(
        literal("dlpar: Could not handle DLPAR request ") + r'\"?(?P<what>memory [^\"]+)',
        lambda match: (
            f"a change of the partition's memory was refused ({match['what'].strip()}); a count that cannot be met is taken "
            f"back as a whole, and which block stayed the lines before it say"
        ),
        "arch/powerpc/platforms/pseries/dlpar.c, dlpar_store",
    ),
    log_line(
        literal("radix-mmu: ") + r"(?:Mapped (?P<low>0x[0-9a-f]+)-(?P<behind>0x[0-9a-f]+) with|(?P<what>\w+) vmemmap mapping)",
        lambda match: (
            f"the memmap of added memory is mapped by pages of {'2 MiB' if match['what'] == 'PMD_SIZE' else 'the base size'}"
            if match["what"]
            else "memory is mapped for the kernel, as when an LMB was added"
        ),
        "arch/powerpc/mm/book3s64/radix_pgtable.c",
    ),
    log_line(
        literal("Unable to create mapping for hot added memory ")
        + r"(?P<low>0x[0-9a-f]+)\.\.(?P<high>0x[0-9a-f]+): (?P<errno>-?\d+)",
        lambda match: f"memory was not added: the kernel could not map it (errno {match['errno'].lstrip('-')})",
        "arch/powerpc/mm/mem.c, arch_create_linear_mapping",
    ),
    *(
        log_line(
            pattern,
            "the hash table of the partition is made to fit more or less memory; a failure is harmless, it stays as it was",
            "arch/powerpc/platforms/pseries/lpar.c, pseries_lpar_resize_hpt",
        )
        for pattern in (
            literal("Attempting to resize HPT to shift"),
            literal("HPT resize to shift ") + r"\d+ complete",
            literal("Hash collision while resizing HPT"),
            literal("Unable to resize hash page table"),
        )
    ),
    log_line(
        r"Unable to (?P<what>create|remove) "
        + literal("linear mapping for ")
        + r"(?P<low>0x[0-9a-f]+)\.\.(?P<behind>0x[0-9a-f]+): (?P<errno>-?\d+)",
        lambda match: (
            f"memory that {'comes could not be mapped' if match['what'] == 'create' else 'goes could not be unmapped'} for the "
            f"kernel. {errno_words(match['errno'])}"
        ),
        "arch/powerpc/mm/mem.c, arch_create_linear_mapping and arch_remove_linear_mapping",
    ),
    log_line(
        literal("Unable to create vmemmap mapping: ") + r"(?P<errno>-?\d+)",
        lambda match: f"the memmap of added memory could not be mapped. {errno_words(match['errno'])}",
        "arch/powerpc/mm/init_64.c, vmemmap_populate",
    ),
    log_line(
        literal("dlpar: ") + r"(?P<what>(?:Invalid|No) (?:DRC Index|DRC count|action|id_type|resource) specified)",
        lambda match: f"EINVAL: what was written to /sys/kernel/dlpar is no request ({match['what']})",
        "arch/powerpc/platforms/pseries/dlpar.c, dlpar_store",
    ),
    log_line(
        literal("could not reserve range") + r"(?:: (?P<low>0x[0-9a-f]+) - (?P<high>0x[0-9a-f]+))?",
        "EBUSY: something in /proc/iomem lies in the range of a DAX device already; programs cannot map it",
        "drivers/dax/device.c, dev_dax_probe",
    ),
    *(
        log_line(
            r"kmem \S+: (?:mapping\d+: )?(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+) " + literal(what),
            words,
            "drivers/dax/kmem.c, dev_dax_kmem_probe and dev_dax_kmem_remove",
        )
        for what, words in _KMEM.items()
    ),
    log_line(
        r"kmem \S+" + literal(": could not reserve region [") + r"(?:mem )?(?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+)",
        _KMEM["could not reserve region"],
        "drivers/dax/kmem.c, dev_dax_kmem_probe",
    ),
    log_line(
        literal("kmem ")
        + r"\S+: (?:DAX region \[mem (?P<low>0x[0-9a-f]+)-(?P<high>0x[0-9a-f]+).*cannot be hotremoved|Hotplug regions stuck)",
        _KMEM["cannot be hotremoved until the next reboot"],
        "drivers/dax/kmem.c, dev_dax_kmem_remove",
    ),
    log_line(
        r"kmem(?: \S+)?: prob(?:e of dax\S+|e with driver kmem)" + literal(" failed with error ") + r"(?P<errno>-?\d+)",
        lambda match: f"a DAX device did not become system RAM. {errno_words(match['errno'])}",
        "drivers/base/dd.c; drivers/dax/kmem.c, dev_dax_kmem_probe",
    ),
    log_line(
        literal("virtio_mem")
        + r"(?: \S+)?: prob(?:e of virtio\S+|e with driver virtio_mem) failed with error (?P<errno>-?\d+)",
        lambda match: f"the driver of a virtio-mem device does not begin. {errno_words(match['errno'])}",
        "drivers/base/dd.c; drivers/virtio/virtio_mem.c, virtio_mem_probe",
    ),
    log_line(
        literal("DAX region truncated by ") + r"(?P<size>.+) due to alignment",
        lambda match: f"{match['size']} of the device cannot be used: only whole memory blocks become system RAM",
        "drivers/dax/kmem.c, dev_dax_kmem_probe (6.16 and later)",
    ),
    log_line(
        literal("Standby memory at ") + r"(?P<low>0x[0-9a-f]+) \((?P<whole>\d+)M of (?P<all>\d+)M usable\)",
        lambda match: (
            f"the machine has {match['whole']} MiB of standby memory: up to 6.18 its blocks are there, offline, and chmem "
            f"-e brings them; since 6.19 they are configured first (/sys/firmware/memory)"
        ),
        "drivers/s390/char/sclp_mem.c (sclp_cmd.c before 6.19)",
    ),
    *(
        log_line(
            pattern,
            "the boot keeps memory for a crash kernel (crashkernel=); the blocks that hold it never go offline",
            "kernel/crash_reserve.c, reserve_crashkernel_generic",
        )
        for pattern in (
            literal("crashkernel") + r"(?: low)? (?:memory )?reserved: (?P<low>0x[0-9a-f]+) - (?P<behind>0x[0-9a-f]+)",
            literal("Reserving ") + r"\d+MB of (?:low )?memory at \d+MB for crashkernel",
        )
    ),
    log_line(
        literal("crash hp: kexec_trylock() failed"),
        "memory changed while a crash kernel was being loaded, so that a dump may miss some of it; load it again",
        "kernel/crash_core.c, crash_handle_hotplug_event (6.6 and later)",
    ),
    *(
        log_line(
            pattern,
            "memory ran out; where movable memory is free meanwhile, it is the kernel's own that is short (altmap show tells "
            "both)",
            "mm/oom_kill.c, out_of_memory",
        )
        for pattern in (
            literal("invoked oom-killer"),
            literal("Out of memory: Kill") + r"(?:ed)? process",
            literal("Out of memory and no killable processes"),
            literal("oom-kill:constraint"),
            literal("Out of memory: compulsory panic_on_oom"),
        )
    ),
    log_line(
        literal("Demotion targets for Node ") + r"(?P<node>\d+): (?P<targets>.+)",
        lambda match: (
            f"pages that node {match['node']} has no room for are dropped or swapped, and not moved to a slower node"
            if match["targets"].startswith("null")
            else f"pages that node {match['node']} has no room for move to {match['targets']}"
        ),
        "mm/memory-tiers.c, dump_demotion_targets",
    ),
)  # fmt: skip
