"""By what means an exported script does its steps: a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ...commands.shell import Backend, Dimm, Monitor, Put, Resize, Unplug, comment, quoted
from ...sysfs.paths import MEMORY
from .functions import call

_STATES: Final = {"offline": "offline"}


class Target(NamedTuple):
    """What does the steps: `about` in words; `blocks` gives blocks from one to another a state (word, zone); `put` writes a
    file; `monitor` does what QEMU's monitor is told. `on_the_machine`: it runs on the machine itself; `shell`: it is a shell
    script; `head` stands before the steps; `whole`: `blocks` is about all blocks of a device, and of others sysfs is written."""

    about: str
    blocks: Callable[[int, int, str, str], Iterator[str]]
    put: Callable[[Put], Iterator[str]]
    monitor: Callable[[Monitor], Iterator[str]]
    on_the_machine: bool = True
    shell: bool = True
    head: str = ""
    whole: bool = False


def _state(word: str) -> str:
    return _STATES.get(word, "online")


def _in_sysfs(first: int, last: int, word: str, zone: str) -> Iterator[str]:
    yield call("blocks", first, last, word, _state(word), zone)


def _by_chmem(first: int, last: int, word: str, zone: str) -> Iterator[str]:
    """chmem cannot say online_kernel of a zone that no rehearsal named, nor leave the zone to the kernel and verify it.
    Its -b is called --block, and in newer ones --blocks."""
    blocks = f"{first}-{last}"
    if word == "offline":
        yield call("tell", f"chmem --disable -b {blocks}")
    elif zone:
        yield call("tell", f"chmem --enable --zone {zone} -b {blocks}")
    elif word == "online":
        yield call("tell", f"chmem --enable -b {blocks}")
    else:
        yield from _in_sysfs(first, last, word, zone)
        return
    yield call("verify", first, last, word, _state(word), zone)


def _by_daxctl(first: int, last: int, word: str, zone: str) -> Iterator[str]:
    """daxctl brings all blocks of a device."""
    yield comment(f'memory{first}-{last} are all blocks of a device, which "$dax" has to be')
    kernel = " --no-movable" if word == "online_kernel" else ""
    verb = "offline-memory" if word == "offline" else f"online-memory{kernel}"
    yield call("tell", f'daxctl {verb} "$dax"', by_head=True)
    yield call("verify", first, last, word, _state(word), zone)


def _in_the_guest(first: int, last: int, word: str, zone: str) -> Iterator[str]:
    yield call("ask", "'the guest'", quoted(_line(first, last, word)))


def _put(put: Put) -> Iterator[str]:
    yield call("put", put.data, put.path)


def _put_in_the_guest(put: Put) -> Iterator[str]:
    yield call("ask", "'the guest'", quoted(put))


def _typed(line: Monitor) -> Iterator[str]:
    yield call("ask", "'the QEMU monitor'", quoted(line))


def _said_of_blocks(first: int, last: int, word: str, zone: str) -> Iterator[str]:
    yield comment(f"in the guest: {_line(first, last, word)}")


def _line(first: int, last: int, word: str) -> str:
    """A line that can be typed."""
    if first == last:
        return f"echo {word} > {MEMORY}/memory{first}/state"
    return f"for n in $(seq {first} {last}); do echo {word} > {MEMORY}/memory$n/state; done"


def _said(put: Put) -> Iterator[str]:
    yield comment(f"in the guest: {put}")


def _plain(line: Monitor) -> Iterator[str]:
    yield line


def _by_libvirt(line: Monitor) -> Iterator[str]:
    """A DIMM is an XML file of its own, whose alias names it when it goes; a backend is part of it."""
    match line.asks:
        case Backend(size):
            yield f"size={size >> 10}"
        case Dimm(number, node, start):
            yield call("plug", number, node, f"{start:#x}")
        case Unplug(number):
            yield call("tell", f'virsh detach-device-alias "$domain" ua-dimm{number} --live')
        case Resize(start, size):
            device = f'"$domain" --alias "${{VMEM:-virtiomem0}}" --requested-size {size >> 10}KiB'
            yield comment(f"alias: the virtio-mem device whose region begins at {start:#x}")
            yield call("tell", f"virsh update-memory-device {device} --live")


_VIRSH: Final = """domain=${DOMAIN?set DOMAIN to the libvirt domain}
size=0
plug() {  # NUMBER NODE ADDRESS: a DIMM of $size KiB, which has to be aligned as the guest's blocks are
    printf '+ virsh attach-device %s dimm%s (%s KiB, node %s, at %s)\\n' "$domain" "$1" "$size" "$2" "$3"
    if [ "$dry" ]; then return; fi
    virsh attach-device "$domain" /dev/stdin --live <<XML || exit 1
<memory model='dimm'>
  <target><size unit='KiB'>$size</size><node>$2</node></target>
  <alias name='ua-dimm$1'/>
  <address type='dimm' base='$3'/>
</memory>
XML
}"""

TARGETS: Final[Mapping[str, Target]] = MappingProxyType(
    {
        "sysfs": Target("writes to sysfs, on the machine", _in_sysfs, _put, _typed),
        "chmem": Target("chmem, on the machine", _by_chmem, _put, _typed),
        "daxctl": Target(
            "daxctl, on the machine; DAX names the device",
            _by_daxctl,
            _put,
            _typed,
            head="dax=${DAX?set DAX to the device, as daxctl list names it}",
            whole=True,
        ),
        "virsh": Target(
            "virsh, on the host; DOMAIN names the guest",
            _in_the_guest,
            _put_in_the_guest,
            _by_libvirt,
            False,
            head=_VIRSH,
        ),
        "qemu": Target(
            "lines for QEMU's monitor, with what to do in the guest between them",
            _said_of_blocks,
            _said,
            _plain,
            False,
            False,
            "# lines for QEMU's monitor; what follows a # is done elsewhere",
        ),
    }
)
"""What a history can be exported for."""
