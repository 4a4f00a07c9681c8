"""The explorer in a browser: what is served, and what is refused before anything listens."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from time import sleep

import pytest
from altmap.explorer.headless.cli import main


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["serve", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_what_cannot_be_served_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "it cannot come from standard input" in refused(capsys, "-")
    assert "give 1 to 65535" in refused(capsys, "small-guest", "--port", "0")
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    assert "altmap[web]" in refused(capsys, "small-guest")


def test_a_machine_that_cannot_be_opened_is_not_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no-such-machine" in refused(capsys, "no-such-machine")


def test_an_address_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"http://127.0.0.1:{port} cannot be served" in refused(capsys, "small-guest", "--port", port)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def begin(machine: list[str]) -> tuple[subprocess.Popen[bytes], str, int]:
    """A server, what it says first, and its port: another one where somebody took that before the server did."""
    while True:
        command = [sys.executable, "-m", "altmap", "serve", *machine, "--port", str(port := free_port())]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert server.stderr is not None
        said = server.stderr.readline().decode()
        if "cannot be served" not in said:
            return server, said, port
        server.communicate()


def wait_for_listener(port: int) -> None:
    """It says where it will listen a moment before it does."""
    for _ in range(6000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.1)
    raise AssertionError("nothing listens")


async def seen_in_a_page(url: str, text: str) -> bool:
    """Does a page show the text? What goes to a browser is what goes to a terminal."""
    import aiohttp  # a twentieth of what collecting costs

    shown = b""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/ws?width=80&height=24") as page:
        async for message in page:
            shown += message.data if isinstance(message.data, bytes) else str(message.data).encode()
            if text.encode() in shown:
                return True
    return False


@pytest.mark.parametrize(
    ("machine", "name", "seen"), [(["tiny-guest"], "tiny-guest", "tiny-guest"), ([], "altmap", "open a machine")]
)
def test_a_page_shows_the_machine_or_all_there_are_and_ctrl_c_ends_it(machine: list[str], name: str, seen: str) -> None:
    server, said, port = begin(machine)
    with server:
        try:
            url = f"http://127.0.0.1:{port}"
            assert f"{name} is at {url}" in said
            wait_for_listener(port)
            assert asyncio.run(asyncio.wait_for(seen_in_a_page(url, seen), 600))
        finally:
            os.kill(server.pid, signal.SIGINT)
        assert server.wait(600) == 0
