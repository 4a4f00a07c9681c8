"""What may be asked on the command line: one row a verb, in groups by what people come for.

To add a verb, write its row here and the function that answers it, which takes the parsed arguments and returns an exit
code. The function is imported when it is asked for, and `declare` runs when the verb's parser is needed: only then may it
look into the engine for what it lists. Help, manual page and completion follow from the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from . import arguments

if TYPE_CHECKING:
    from .verb_parser import Parser


class Verb(NamedTuple):
    """A verb: one line on what it does, lines that show it in use, the function that answers ("module.function" beside this
    file), and what declares its arguments. One with `own_options` gets its words as they are."""

    name: str
    about: str
    examples: tuple[str, ...]
    answer: str
    declare: Callable[[Parser], None]
    own_options: bool = False


# -- the rows -----------------------------------------------------------------------------------------------------------

GROUPS: Final[tuple[tuple[str, tuple[Verb, ...]], ...]] = (
    (
        "See a machine",
        (
            Verb(
                "open",
                "open a machine in the explorer; without a terminal, show it",
                ("altmap", "altmap open small-guest", "altmap small-guest"),
                "machines.enter",
                arguments.of_open,
            ),
            Verb(
                "show",
                "print a machine: its zones, memory blocks and where their memmap lies",
                ("altmap show small-guest", "altmap capture | altmap show -"),
                "machines.show",
                arguments.of_show,
            ),
            Verb(
                "svg",
                "draw the explorer's main screen as a picture, without a terminal",
                (
                    "altmap svg firecracker-24g -o memory.svg",
                    "altmap svg small-guest steps.txt --view memmap --at memory32 --zoom page -o pages.svg",
                    "echo 'offline 1' | altmap svg small-guest - --at 40% -o moving.svg",
                ),
                "pictures.draw",
                arguments.of_svg,
            ),
            Verb(
                "tour",
                "take a tour: the story of memmap in hot-added memory, or one of your own",
                ("altmap tour", "altmap tour mine.tour"),
                "tour.walk",
                arguments.of_tour,
            ),
            Verb(
                "live",
                "watch the running machine in the explorer, and what differs from a plan; it only reads",
                ("altmap live", "altmap live plan.json --every 10"),
                "live.watch_running",
                arguments.of_live,
            ),
            Verb(
                "serve",
                "open a machine, or the list of machines, in the explorer in a browser; needs the extra altmap[web]",
                ("altmap serve", "altmap serve firecracker-24g", "altmap serve mine.json --port 8080"),
                "serve.serve",
                arguments.of_serve,
            ),
            Verb(
                "lsmem",
                "list memory as lsmem does, with lsmem's own options",
                ("altmap lsmem mixed-guest --output-all",),
                "machines.list_memory",
                arguments.of_lsmem,
                own_options=True,
            ),
            Verb(
                "read",
                "print a file of the machine as its kernel would",
                (
                    "altmap read mixed-guest /proc/buddyinfo",
                    "altmap read mixed-guest /sys/devices/system/memory/memory32/valid_zones",
                ),
                "machines.read",
                arguments.of_read,
            ),
            Verb(
                "check",
                "check that a machine's numbers and pages agree",
                ("altmap check mine.json",),
                "machines.check",
                arguments.of_check,
            ),
            Verb(
                "machines",
                "list the bundled machines",
                ("altmap machines", "altmap machines --pictures"),
                "machines.list_bundled",
                arguments.of_machines,
            ),
        ),
    ),
    (
        "Change it",
        (
            Verb(
                "run",
                "run a script on a machine and tell what comes of each line",
                (
                    "altmap run small-guest steps.txt --save after.json",
                    "echo 'offline 1' | altmap run small-guest -",
                    "echo 'offline 1' | altmap run small-guest - --watch",
                ),
                "script_runs.run",
                arguments.of_run,
            ),
            Verb(
                "new",
                "make a machine from words: sizes of nodes, a kernel and its command line",
                (
                    "altmap new --nodes 2G,2G,0 --kernel 6.8 --append memory_hotplug.memmap_on_memory=1 -o guest.json",
                    "altmap new --qemu '-m 2G,slots=8,maxmem=64G'",
                ),
                "machines.new",
                arguments.of_new,
            ),
            Verb(
                "boot",
                "derive a machine that was booted otherwise, and open it; without a terminal, show it",
                ("altmap boot small-guest memmap_on_memory=N", "altmap boot mixed-guest model=6.1 -o older.json"),
                "machines.boot",
                arguments.of_boot,
            ),
        ),
    ),
    (
        "Ask",
        (
            Verb(
                "why",
                "say whether a command would succeed, and if not, why and what would clear it",
                (
                    "altmap why small-guest offline 1",
                    "altmap why firecracker-24g offline 2G",
                    "altmap why small-guest add 4G at 8G node 0",
                ),
                "questions.why",
                arguments.of_why,
            ),
            Verb(
                "compare",
                "put the alternatives of one add side by side",
                (
                    "altmap compare numa-guest --add 1G --node 2",
                    "altmap compare --add 64G --model rfc-v2,6.12",
                    "altmap compare small-guest --add 1G --vary kernel-models -o kernels.svg",
                ),
                "comparing.alternatives",
                arguments.of_compare,
            ),
            Verb(
                "grow",
                "tell how far a machine can grow, and where that gets dangerous before",
                (
                    "altmap grow tiny-guest --step 1G --online movable",
                    "altmap grow small-guest --caller virtio-mem --json",
                ),
                "growth.growth",
                arguments.of_grow,
            ),
            Verb(
                "explain",
                "say what lines of a kernel log about memory hotplug mean",
                (
                    "altmap explain 'Offlined Pages 32256'",
                    "echo 'Offlined Pages 32256' | altmap explain - --machine small-guest",
                ),
                "questions.explained",
                arguments.of_explain,
            ),
            Verb(
                "diff",
                "say what changed between two machines",
                ("altmap diff before.json after.json",),
                "questions.drift",
                arguments.of_diff,
            ),
        ),
    ),
    (
        "Take home",
        (
            Verb(
                "capture",
                "save a running machine, or a saved /proc and /sys; it only reads",
                ("altmap capture -o mine.json", "altmap capture --root saved.tar.xz -o it.msgpack.gz"),
                "take_home.save_running",
                arguments.of_capture,
            ),
            Verb(
                "collect",
                "print a shell script that gathers what altmap reads, for a machine without Python",
                ("altmap collect > collect.sh; ssh host sh -s < collect.sh > it.tgz", "altmap show it.tgz"),
                "take_home.print_collect",
                arguments.of_collect,
            ),
            Verb(
                "export",
                "print the commands of a machine's history as lines for the real one",
                ("altmap export changed.json > steps.sh", "altmap export changed.json --for chmem"),
                "take_home.export",
                arguments.of_export,
            ),
        ),
    ),
    (
        "About altmap",
        (
            Verb(
                "help",
                "explain a command, or all that a line of a script may say",
                ("altmap help run", "altmap help script"),
                "help.explain",
                arguments.of_help,
            ),
            Verb(
                "models",
                "list the kernels that can be modelled, or what changed from one to another",
                ("altmap models", "altmap models 6.1 6.12"),
                "kernels.list_models",
                arguments.of_models,
            ),
            Verb(
                "completion",
                "print what makes a shell complete altmap's words",
                (
                    "altmap completion bash > ~/.local/share/bash-completion/completions/altmap",
                    "altmap completion zsh > ~/.zfunc/_altmap",
                    "altmap completion fish > ~/.config/fish/completions/altmap.fish",
                ),
                "help.print_completion",
                arguments.of_completion,
            ),
            Verb(
                "schema",
                "print the JSON Schema of what --json prints, or list the kinds of documents",
                ("altmap schema", "altmap schema step"),
                "schemas.print_schema",
                arguments.of_schema,
            ),
        ),
    ),
)

VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for _, verbs in GROUPS for verb in verbs}
