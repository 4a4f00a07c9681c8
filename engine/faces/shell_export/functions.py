"""The shell functions of an exported script, POSIX sh: a script has those that it uses, in this order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

_SHELL: Final = "#!/bin/sh\n"
_ABOUT: Final = """# Steps rehearsed with altmap. It stops at the first that is refused, or does not come to what was rehearsed.
#   -n  say what would be done, and do nothing
"""
_FORCE: Final = """#   -f  go on although the machine is not as it was rehearsed
# Exit codes: 0 done; 1 refused, or not as rehearsed; 2 not the machine that was rehearsed; 3 a person is needed, and there is
# no terminal. With ALTMAP_ROOT it works on a copy of /sys and /proc below that folder.
set -u
export LC_ALL=C
root=${ALTMAP_ROOT-}
dry='' force='' step=0
for option; do
    case $option in
    -n) dry=yes ;;
    -f) force=yes ;;
    *) printf 'usage: %s [-n] [-f]\\n' "$0" >&2; exit 2 ;;
    esac
done
"""
_AFAR: Final = """# Exit codes: 0 done; 1 refused; 3 a person is needed, and there is no terminal.
set -u
dry='' step=0
for option; do
    case $option in
    -n) dry=yes ;;
    *) printf 'usage: %s [-n]\\n' "$0" >&2; exit 2 ;;
    esac
done
"""
_LITERAL: Final = (
    "# shellcheck disable=SC2016  # what was rehearsed stands in single quotes: nothing of it is expanded\n"
)


class Call(str):
    """A line that calls a shell function: its name, and whether a word of it is what the head of the script sets."""

    function: str
    by_head: bool


def call(function: str, *words: object, by_head: bool = False) -> Call:
    """The line that calls a function with words as a shell reads them, which empty ones are not."""
    line = Call(" ".join([function, *filter(None, map(str, words))]))
    line.function, line.by_head = function, by_head
    return line


def bare(lines: Iterable[str]) -> str:
    """A script that does nothing: some comments, or the one that says so."""
    said = [*lines] or ["# nothing was done"]
    return "".join(f"{line}\n" for line in (_SHELL, *said))


def head(on_the_machine: bool, literal: bool) -> str:
    """How a script begins that runs on the machine itself, or elsewhere; `literal`: its words hold what a shell might expand
    if it did not stand in single quotes."""
    return _SHELL + (_LITERAL if literal else "") + _ABOUT + (_FORCE if on_the_machine else _AFAR)


FUNCTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "say": """say() { printf '%s\\n' "$*"; }""",
        "stop": """stop() {  # CODE WORDS
    code=$1
    shift
    printf 'step %s: %s\\n' "$step" "$*" >&2
    exit "$code"
}""",
        "differs": """differs() {  # WORDS: the machine is not as it was rehearsed
    [ "$force" ] || stop 2 "$*; -f goes on nevertheless"
    say "note: $*"
}""",
        "begin": """begin() {  # NUMBER LINE
    step=$1
    say "$1. $2"
}""",
        "put": """put() {  # TEXT FILE: write a line to a file; what the kernel says is kept
    say "+ echo $1 > $2"
    if [ "$dry" ]; then return; fi
    [ -e "$root$2" ] || stop 1 "$2: No such file or directory"
    said=$(printf '%b\\n' "$1" | tee "$root$2" 2>&1 > /dev/null) || stop 1 "${said:-$2 could not be written}"
}""",
        "see": """see() {  # FILE WORD [OTHER]: does the file read so?
    if [ "$dry" ]; then return; fi
    is=$(cat "$root$1" 2> /dev/null) || stop 1 "$1 cannot be read"
    [ "$is" = "$2" ] || [ "$is" = "${3-$2}" ] || stop 1 "$1 reads '$is', and not '$2' as rehearsed"
}""",
        "memory": """memory=/sys/devices/system/memory""",
        "verify": """verify() {  # FIRST LAST WORD STATE [ZONE]: are the memory blocks so, and in the zone?
    n=$1
    while [ "$n" -le "$2" ]; do
        see "$memory/memory$n/state" "$4" "$3"
        if [ "${5-}" ] && [ ! "$dry" ] && [ -e "$root$memory/memory$n/valid_zones" ]; then
            case $(cat "$root$memory/memory$n/valid_zones") in
            "$5" | *' '*) ;;
            *) stop 1 "memory$n is not in zone $5 as rehearsed" ;;
            esac
        fi
        n=$((n + 1))
    done
}""",
        "blocks": """blocks() {  # FIRST LAST WORD STATE [ZONE]: give memory blocks a state, one after the other
    at=$1
    while [ "$at" -le "$2" ]; do
        put "$3" "$memory/memory$at/state"
        verify "$at" "$at" "$3" "$4" "${5-}"
        at=$((at + 1))
    done
}""",
        "tell": """tell() {  # COMMAND...: run a program, and say so
    say "+ $*"
    if [ "$dry" ]; then return; fi
    "$@" || stop 1 "$1 says no"
}""",
        "ask": """ask() {  # WHERE WORDS: a person does something there
    say "+ $1: $2"
    if [ "$dry" ]; then return; fi
    (: > /dev/tty) 2> /dev/null || stop 3 "a person is needed here, and there is no terminal"
    printf 'Do this at %s, then press Enter here:\\n%s\\n' "$1" "$2" > /dev/tty
    read -r _ < /dev/tty || stop 3 "a person is needed here, and the terminal is gone"
}""",
        "appear": """appear() {  # FIRST LAST: wait until the memory blocks are there
    if [ "$dry" ]; then return; fi
    n=$1
    waited=0
    while [ "$n" -le "$2" ]; do
        if [ -d "$root$memory/memory$n" ]; then
            n=$((n + 1))
        else
            [ "$waited" -lt 30 ] || stop 1 "memory$n did not appear"
            sleep 1
            waited=$((waited + 1))
        fi
    done
}""",
        "vanish": """vanish() {  # FIRST LAST: wait until the memory blocks are gone
    if [ "$dry" ]; then return; fi
    n=$1
    waited=0
    while [ "$n" -le "$2" ]; do
        if [ -d "$root$memory/memory$n" ]; then
            [ "$waited" -lt 30 ] || stop 1 "memory$n is still there"
            sleep 1
            waited=$((waited + 1))
        else
            n=$((n + 1))
        fi
    done
}""",
        "root_only": """root_only() {
    [ "$root" ] || [ "$dry" ] || [ "$(id -u)" = 0 ] || stop 2 "it has to be root"
}""",
        "sized": """sized() {  # HEX: bytes of a memory block
    [ -e "$root$memory/block_size_bytes" ] || return 0
    is=$(cat "$root$memory/block_size_bytes")
    [ "$is" = "$1" ] || differs "memory blocks have 0x$is bytes here, and 0x$1 where this was rehearsed"
}""",
        "runs": """runs() {  # RELEASE: the kernel
    is=$(cat "$root/proc/version" 2> /dev/null || uname -r)
    case $is in
    *"$1".* | *"$1"-* | "$1") ;;
    *) say "note: this was rehearsed for Linux $1, and here runs $is" ;;
    esac
}""",
        "reads": """reads() {  # FILE WORD: a file that decides what the steps come to
    is=$(cat "$root$1" 2> /dev/null) || return 0
    [ "$is" = "$2" ] || differs "$1 reads '$is' here, and '$2' where this was rehearsed"
}""",
        "was": """was() {  # FIRST LAST STATE: the state of memory blocks before the first step
    n=$1
    while [ "$n" -le "$2" ]; do
        is=$(cat "$root$memory/memory$n/state" 2> /dev/null || echo missing)
        [ "$is" = "$3" ] || differs "memory$n is $is here, and was $3 where this was rehearsed"
        n=$((n + 1))
    done
}""",
    }
)

_USES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "stop": (),
        "differs": ("stop", "say"),
        "begin": ("say",),
        "put": ("say", "stop"),
        "see": ("stop",),
        "verify": ("memory", "see", "stop"),
        "blocks": ("put", "verify"),
        "tell": ("say", "stop"),
        "ask": ("say", "stop"),
        "appear": ("memory", "stop"),
        "vanish": ("memory", "stop"),
        "root_only": ("stop",),
        "sized": ("memory", "differs"),
        "runs": ("say",),
        "reads": ("differs",),
        "was": ("memory", "differs"),
    }
)
"""What each uses of the others."""


def functions(used: Iterable[str]) -> str:
    """The text of functions and of all that they use."""
    needed, waiting = set[str](), [*used]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += _USES.get(name, ())
    return "".join(f"{text}\n" for name, text in FUNCTIONS.items() if name in needed)
