"""Seeing machines: opened, shown, listed as lsmem does, read, checked; and the list of those that come along."""

from __future__ import annotations

import argparse
import os.path

from altmap import engine

from ..aside import remark
from .exits import FINE, REFUSED
from .output import on_terminal, say, write_document, write_text
from .shared_arguments import DEFAULT_MACHINE
from .streams import STDIN, explorer_can_open, machine_named, writable
from .verbs import VERBS


def enter(arguments: argparse.Namespace) -> int:
    """Open a machine in the explorer, or without one those that can be opened; without a terminal, show it."""
    arguments.json = False
    if arguments.machine is None and arguments.model is None and arguments.devices is None and explorer_can_open():
        from ..tui.app import run_app

        return run_app(None)
    named = arguments.machine or DEFAULT_MACHINE
    path = named if named != STDIN and os.path.exists(named) else ""
    return _enter(
        machine_named(named, arguments.model, replay=arguments.replay, devices=arguments.devices), arguments, path
    )


def _enter(machine: engine.Machine, arguments: argparse.Namespace, path: str = "") -> int:
    if explorer_can_open():
        from ..tui.app import run_app

        return run_app(machine, path=path)
    code = _show(machine, arguments)
    if on_terminal("stdin", "stdout"):
        say("\nThe explorer did not open: it draws on standard error, which is no terminal here.")
    return code


def boot(arguments: argparse.Namespace) -> int:
    """A machine derived from another as if it had been booted otherwise: opened, shown or saved."""
    writable(arguments.output)
    options: dict[str, str] = {}
    for word in arguments.options:
        key, equals, text = word.partition("=")
        if not equals or key in options:
            wrong = "is no KEY=VALUE" if not equals else "is given twice"
            raise engine.BadInput(f"{word!r} {wrong}; the keys are {', '.join(engine.BOOT_KEYS)}")
        options[key] = text
    machine = engine.reboot(machine_named(arguments.machine, replay=arguments.replay), options)
    return _made(machine, arguments)


def new(arguments: argparse.Namespace) -> int:
    """A machine from words: opened, shown or saved."""
    writable(arguments.output)
    if arguments.qemu is not None and arguments.nodes is not None:
        raise engine.BadInput("--qemu says what --nodes does; give one of them")
    words = engine.qemu_words(arguments.qemu, arguments.arch) if arguments.qemu is not None else None
    machine = engine.new_machine(
        words.nodes if words else (arguments.nodes or "2G").split(","),
        arch=arguments.arch or (words.arch if words else None) or "x86_64",
        kernel=arguments.kernel,
        block_size=arguments.block_size,
        append=f"{words.append} {arguments.append}".strip() if words else arguments.append.strip(),
        cxl_windows=arguments.cxl_window,
        devices=words.devices if words else (),
        low=words.low if words else None,
    )
    return _made(machine, arguments)


def _made(machine: engine.Machine, arguments: argparse.Namespace) -> int:
    """A machine that was made is opened, shown or saved."""
    if arguments.output is None:
        return _show(machine, arguments) if arguments.json else _enter(machine, arguments)
    engine.save_machine(machine, arguments.output)
    if arguments.json:
        return _show(machine, arguments)
    remark(f"note: {note}" for note in machine.origin.notes)
    remark([f"{arguments.output}: {len(machine.blocks):,} blocks, {len(machine.sections):,} sections"])
    return FINE


def show(arguments: argparse.Namespace) -> int:
    """A machine at a glance."""
    return _show(
        machine_named(arguments.machine, arguments.model, replay=arguments.replay, devices=arguments.devices), arguments
    )


def _show(machine: engine.Machine, arguments: argparse.Namespace) -> int:
    if arguments.json:
        from .forms.machine import machine_document

        write_document(machine_document(machine))
    else:
        from .page import Page
        from .show import show_machine

        show_machine(machine, Page(arguments.color, arguments.width))
    return FINE


def list_memory(arguments: argparse.Namespace) -> int:
    """lsmem with lsmem's own options; the one word that is no option is the machine. Beside --sysroot, which names it too,
    a word is one too many, as in lsmem."""
    replay = "--replay" in arguments.words
    options, others = engine.split_lsmem([word for word in arguments.words if word != "--replay"])
    if len(others) > 1:
        raise engine.BadInput(f"lsmem takes one machine, not {' and '.join(others)}")
    named = others[0] if others else DEFAULT_MACHINE
    needed = not any(option in ("-s", "-h", "--help") or option.startswith("--sysroot") for option in options)
    code, text = (
        engine.lsmem(options, machine_named(named, replay=replay)) if needed else engine.lsmem([*options, *others])
    )
    helps = code == FINE and bool({"-h", "--help"} & {*options})
    if helps:
        write_text("usage: altmap lsmem [MACHINE] [OPTION ...]\n\n")
    if code:
        remark(text.splitlines())
    else:
        write_text(text)
    if helps:
        say("\n".join(("\nExample:", *(f"  {line}" for line in VERBS["lsmem"].examples))))
    return code


def read(arguments: argparse.Namespace) -> int:
    """The text of files, one behind the other; 1 if the kernel has one of them not, or would not let it be read."""
    machine = machine_named(arguments.machine, replay=arguments.replay)
    if arguments.json:
        from .forms.texts import files_document

        document = files_document(machine, arguments.paths)
        write_document(document)
        return REFUSED if any(file.refusal for file in document.files) else FINE
    code = FINE
    for path in arguments.paths:
        try:
            write_text(machine.read(path))
        except engine.HotplugError as error:
            remark([f"altmap: {error.errno}: {engine.sentence(error.reason)}"])
            code = REFUSED
    return code


def check(arguments: argparse.Namespace) -> int:
    """Do a machine's numbers and pages agree? Each sentence of what does not on a line."""
    machine = machine_named(arguments.machine, replay=arguments.replay)
    broken = machine.check()
    if arguments.json:
        from .forms.machine import check_document

        write_document(check_document(arguments.machine, machine, broken))
        return REFUSED if broken else FINE
    for one in broken:
        say(str(one))
    if not broken:
        say(f"{arguments.machine}: all is sound, {len(machine.blocks):,} blocks, {len(machine.sections):,} sections")
    return REFUSED if broken else FINE


def list_bundled(arguments: argparse.Namespace) -> int:
    """The machines that come along, one a line; or each with its picture."""
    found = engine.bundled_machines()
    if arguments.pictures and not arguments.json:
        from .console import Printer
        from .miniatures import pictured

        printer = Printer(arguments.color, arguments.width, pictures=True)
        for one in found:
            printer.picture(
                [*pictured(engine.open_machine(one.name), one.description, printer.width, printer.colored), ()]
            )
        return FINE
    if arguments.json:
        from .forms.machine import machines_document

        write_document(machines_document(found))
    else:
        width = max((len(machine.name) for machine in found), default=0)
        for machine in found:
            say(f"{machine.name:{width}}  {machine.description}")
    return FINE
