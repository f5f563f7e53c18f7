"""`vlm server`: a Redis-compatible server for as long as this process lives."""

import argparse
import signal
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from vlm.commands.options import add_command
from vlm.errors import BadSetting
from vlm.settings import Settings

if TYPE_CHECKING:
    from vlm.queue.server import Server

SERVER: Final = """\
Run a Redis-compatible server that keeps everything in the folder DIR, writes to the disk before it answers,
and is reachable from this machine only, until SIGTERM or Ctrl-C. Prints its URL as soon as it answers.
If a server of DIR is running already, that server is used, and ends with this command.
"""
SERVER_EPILOG: Final = """\
example:
  vlm server --dir data/redis --port 6380
  REDIS_URL=redis://127.0.0.1:6380/0 vlm worker --model tiny
"""


def add_parser(commands: Any) -> None:
    """Add the command."""
    server = add_command(commands, "server", "run a Redis-compatible server", SERVER, SERVER_EPILOG, run=run)
    server.add_argument("--dir", metavar="DIR", type=Path, required=True, help="the folder of its data")
    where = server.add_mutually_exclusive_group()
    where.add_argument("--port", metavar="P", type=int, help="a port of 127.0.0.1; 0: any free one")
    where.add_argument("--socket", metavar="PATH", type=Path, help="a Unix socket (default: in DIR)")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the server of a folder until SIGTERM or Ctrl-C. Raises Unavailable or BadSetting."""
    from vlm.commands.output import put, remark
    from vlm.queue.server import start

    folder = arguments.dir
    events: SimpleQueue[str] = SimpleQueue()  # its `put` may be called in a signal handler
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: events.put("stop"))
    try:
        server = start(folder, port=arguments.port, socket=arguments.socket)
    except OSError as error:
        raise BadSetting(f"{folder} cannot hold a server's data: {error.strerror}.") from error
    put(server.url)
    Thread(target=_wait, args=(server, events), daemon=True).start()
    if events.get() == "ended":
        remark(f"The server has ended; see {folder / 'server.log'}.")
        return 1
    server.stop()
    return 0


def _wait(server: "Server", events: "SimpleQueue[str]") -> None:
    server.wait()
    events.put("ended")
