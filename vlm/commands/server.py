"""`vlm server`: a server of our own, for as long as this process lives."""

import signal
from pathlib import Path
from threading import Event

from vlm.commands.output import put, remark
from vlm.errors import BadSetting
from vlm.queue.server import start

LOOK_EVERY_S = 0.5


def serve(folder: Path, *, port: int | None, socket: Path | None) -> int:
    """Run the server of `folder` until SIGTERM or Ctrl-C. Raises Unavailable or BadSetting."""
    told = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    try:
        server = start(folder, port=port, socket=socket)
    except OSError as error:
        raise BadSetting(f"{folder} cannot hold a server's data: {error.strerror}.") from error
    put(server.url)
    while not told.wait(LOOK_EVERY_S):
        if not server.is_running():
            remark(f"The server has ended; see {folder / 'server.log'}.")
            return 1
    server.stop()
    return 0
