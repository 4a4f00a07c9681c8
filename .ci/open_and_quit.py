"""Run a command in a terminal of 120x40 that nobody looks at, wait until its screen is drawn, and quit with a key."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

command = sys.argv[1]
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm-256color"
    os.execvp("bash", ["bash", "-euo", "pipefail", "-c", command])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

screen, quit_sent, deadline = b"", False, time.monotonic() + 600
while time.monotonic() < deadline:
    readable, _, _ = select.select([terminal], [], [], 1.0)
    if readable:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        screen += piece
    elif b"\x1b[?1049h" in screen and b"memory" in screen and not quit_sent:
        os.write(terminal, b"q")
        quit_sent = True
_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
if not quit_sent or code:
    sys.stderr.write(screen[-2000:].decode(errors="replace"))
    sys.exit(f"the app did not open and quit: exit code {code}, screen drawn: {quit_sent}")
print("the app opened on the bundled machine and quit with exit code 0")
