"""`vlm server`: a Redis-compatible server, for as long as this process lives."""

import signal
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from vlm.commands.output import put, remark
from vlm.errors import BadSetting
from vlm.queue.server import Server, start


def serve(folder: Path, *, port: int | None, socket: Path | None) -> int:
    """Run the server of `folder` until SIGTERM or Ctrl-C. Raises Unavailable or BadSetting."""
    events: SimpleQueue[str] = SimpleQueue()  # its `put` may be called in a signal handler
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: events.put("stop"))
    try:
        server = start(folder, port=port, socket=socket)
    except OSError as error:
        raise BadSetting(f"{folder} cannot hold a server's data: {error.strerror}.") from error
    put(server.url)
    Thread(target=_wait, args=(server, events), daemon=True).start()
    if events.get() == "ended":
        remark(f"The server has ended; see {folder / 'server.log'}.")
        return 1
    server.stop()
    return 0


def _wait(server: Server, events: "SimpleQueue[str]") -> None:
    server.wait()
    events.put("ended")
