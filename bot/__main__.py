"""The `afterimage` command: `run` a bot, ask the `doctor`, or see a `demo` of everything on this machine.

Exit status:  0 ended when told to    1 something failed    2 a setting or the command line is wrong
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from telegram.error import InvalidToken

from bot import doctor
from bot.demo import run as demo
from bot.service import serve
from bot.settings import Settings, read_settings
from vlm import logs
from vlm.errors import AfterimageError, BadSetting

log = logging.getLogger("bot")

RUN: Final = """\
Run the Telegram bot until SIGTERM or Ctrl-C. It needs a token from @BotFather, a Redis server, and at least
one `vlm worker` on the same server. Start as many as you like, on any machines: they share the work, and one
of them asks Telegram for updates.
"""
RUN_EPILOG: Final = """\
settings, from the environment or else from ./.env (see .env.example):
  BOT_TOKEN            the token that @BotFather gave you; the only one that must be set
  REDIS_URL            default redis://127.0.0.1:6379/0; each bot needs a database number of its own
  BOT_API_URL          another Bot API server than Telegram's own
  BOT_WEBHOOK_URL      have Telegram call this https address, instead of asking it all the time
  BOT_WEBHOOK_SECRET   what Telegram must show when it calls; needed with a webhook
  BOT_WEBHOOK_LISTEN   where the webhook is served, behind your proxy; default 127.0.0.1:8443
  BOT_PICTURE_PX       the model's input size; default 224
  BOT_QUEUE_MAX        open jobs in all before new ones are refused; default 1000
  BOT_CHAT_MAX         open jobs of one chat before new ones are refused; default 20
  BOT_ACCESS           who may use the bot: open (everyone, the default) | list (whom BOT_ALLOWED names) |
                       invite (they, who has an invitation, and groups to which such a person adds the bot)
  BOT_OWNER            your own Telegram id: you may always use the bot, /invite others and see its /stats
  BOT_ADMINS           ids of people who may do the same, with commas between them
  BOT_ALLOWED          ids of people and of groups who may use the bot, with commas between them
  BOT_RETENTION_DAYS   days that a photo is remembered; default 365
  BOT_CONTACT          whom /privacy names for questions: an address, a @name, a page
  BOT_METRICS          serve /healthz, /readyz and /metrics (Prometheus) here: 9101 is a port of 127.0.0.1,
                       HOST:PORT another address; default: nowhere
  BOT_LOG              text (the default) | json: how log lines are written

on one machine, in three terminals:
  vlm server --dir data --port 6379
  vlm worker
  BOT_TOKEN=123456:ABC... afterimage run
"""
DOCTOR: Final = """\
Examine a deployment from a bot's side: settings, Redis, queue, workers, and Telegram: the token, the webhook,
what it still holds. Changes nothing. Each finding is ok, warn or bad, and says what to do; the exit status is
0 if nothing is bad. `vlm doctor` examines a worker's side.
"""
DEMO: Final = """\
Start everything on this machine (a server, a worker, a stand-in for Telegram with a chat page, the bot), send
one sample picture and one question through it, print what came back, and serve the chat page until Ctrl-C.
Needs no token, and nothing leaves this machine.
"""
DEMO_EPILOG: Final = """\
examples:
  afterimage demo                                         the small model that comes along
  afterimage demo --once                                  one picture, one question, and out
  afterimage demo --model Salesforce/blip2-flan-t5-xl     the real one; fetched from the hub once (8 GB)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    arguments = _parser().parse_args(argv)
    # the library's coming behaviour; without it, it warns with every slow-down that Telegram asks for
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    environ = {name: value for name, value in dotenv_values(".env").items() if value is not None} | os.environ
    try:
        if arguments.command == "doctor":
            return doctor.look(lambda: read_settings(environ), as_json=arguments.json)
        if arguments.command == "demo":
            return demo.run(
                model=arguments.model,
                port=arguments.port,
                once=arguments.once,
                data=arguments.data,
                environ=environ,
            )
        return _run(read_settings(environ))
    except AfterimageError as error:
        sys.stderr.write(f"afterimage: {error}\n")
        return 2 if isinstance(error, BadSetting) else 1


def _run(settings: Settings) -> int:
    logs.configure(settings.secrets, style=settings.log)
    try:
        asyncio.run(_until_signalled(settings))
    except InvalidToken:
        log.error("Telegram does not know this token. Check BOT_TOKEN, or ask @BotFather for a new one.")
        return 2
    except AfterimageError:
        raise
    except Exception:
        log.exception("The bot cannot go on")
        return 1
    return 0


async def _until_signalled(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(settings, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="afterimage", description="A Telegram bot that sees, answers and remembers."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    commands.add_parser("run", help="run the bot", description=RUN, epilog=RUN_EPILOG, formatter_class=raw)
    look = commands.add_parser("doctor", help="examine a deployment", description=DOCTOR, formatter_class=raw)
    look.add_argument("--json", action="store_true", help="one JSON object")
    show = commands.add_parser(
        "demo", help="see it all work here", description=DEMO, epilog=DEMO_EPILOG, formatter_class=raw
    )
    show.add_argument("--model", default="tiny", help="tiny | a checkpoint folder | a hub id (default: tiny)")
    show.add_argument("--once", action="store_true", help="end after the sample picture and question")
    show.add_argument("--port", type=int, help="port of the chat page (default: 8080, or the next free one)")
    show.add_argument(
        "--data",
        type=Path,
        help="where chats and memories are kept (default: data/demo; with --once: nowhere)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
