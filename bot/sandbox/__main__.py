"""`python -m bot.sandbox`: serve a stand-in for Telegram on this machine."""

import argparse
import contextlib
import logging
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from bot.sandbox.app import make_app
from bot.sandbox.sandbox import build

LOOPBACK = ("127.0.0.1", "localhost")
EPILOG = """\
The Bot API is at http://127.0.0.1:PORT (set BOT_API_URL to that; any token will do), the chat page at the
same address in a browser. bot/sandbox/page.py and faults.py document the API for tests and scripts.
"""


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C. The exit status: 0, or 1 if the port cannot be used."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # tests cut connections on purpose
    logging.getLogger("PIL").setLevel(logging.INFO)  # at DEBUG it logs a photo's EXIF
    with contextlib.ExitStack() as stack:
        folder = args.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        try:
            listener = stack.enter_context(listen(args.port))
        except (OSError, OverflowError) as error:
            sys.stderr.write(f"Port {args.port} cannot be used ({error}). Choose another with --port.\n")
            return 1
        box = build(folder, samples=args.samples, about=args.about, name=args.name, username=args.username)
        sys.stdout.write(f"Sandbox on http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        _serve(make_app(box), listener)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot.sandbox",
        description="A stand-in for Telegram on this machine: the Bot API, and a web page to chat on.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=8080, help="port to listen on; 0 takes a free one (default: 8080)"
    )
    parser.add_argument(
        "--host", choices=LOOPBACK, default=LOOPBACK[0], help="only this machine can be served"
    )
    parser.add_argument("--samples", type=Path, help="folder of pictures that the page offers")
    parser.add_argument("--about", default="", help="the page's note about the model")
    parser.add_argument(
        "--data", type=Path, help="folder that keeps the chats over restarts (default: a temporary one)"
    )
    parser.add_argument("--name", default="Afterimage", help="the bot's name (default: %(default)s)")
    parser.add_argument("--username", default="afterimage_bot", help="the bot's @name (default: %(default)s)")
    return parser


def listen(port: int) -> socket.socket:
    """A socket on the loopback. Raises OSError or OverflowError for a port that cannot be used."""
    # asyncio turns Nagle's algorithm (40 ms an answer) off only for sockets that name their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def _serve(app: Starlette, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,  # long polls and event streams would never end by themselves
        timeout_keep_alive=75,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
