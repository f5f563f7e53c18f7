"""The `afterimage` command: `run` a bot, examine it (`doctor`, `health`), or see a `demo` on this machine.

Each command imports what it needs when it runs, so that `--help` is quick.

Exit status:  0 ended when told to    1 something failed    2 a setting or the command line is wrong
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from bot.settings import Settings, read_settings
from vlm.errors import AfterimageError, BadSetting

RUN: Final = """\
Run the Telegram bot until SIGTERM or Ctrl-C. It needs a token from @BotFather, a Redis server, and at least
one `vlm worker` on the same server. Start as many as you like, on any machines: they share the work, and one
of them polls Telegram for updates.
"""
RUN_EPILOG: Final = """\
settings, from the environment or else from ./.env (see .env.example):
  BOT_TOKEN            the token that @BotFather gave you; the only required setting
  REDIS_URL            default redis://127.0.0.1:6379/0; each bot needs a database number of its own
  BOT_API_URL          another Bot API server than Telegram's own
  BOT_WEBHOOK_URL      the https address that Telegram calls; default: the bot polls Telegram
  BOT_WEBHOOK_SECRET   the secret that Telegram sends with each call; required with a webhook
  BOT_WEBHOOK_LISTEN   where the webhook is served, behind your proxy; default 127.0.0.1:8443
  BOT_PICTURE_PX       the model's input size; default 224
  BOT_QUEUE_MAX        open jobs in all before new ones are refused; default 1000
  BOT_CHAT_MAX         open jobs of one chat before new ones are refused; default 20
  BOT_ACCESS           who may use the bot: open (everyone, the default) | list (the ids of BOT_ALLOWED) |
                       invite (these, people with an invitation, and groups to which they add the bot)
  BOT_OWNER            your own Telegram id: you may always use the bot, /invite others and see its /stats
  BOT_ADMINS           ids of people with the same rights, separated by commas
  BOT_ALLOWED          ids of people and of groups who may use the bot, separated by commas
  BOT_RETENTION_DAYS   days that a photo is remembered; default 365
  BOT_CONTACT          the contact that /privacy names: an address, a @name, a page
  BOT_METRICS          serve /healthz, /readyz and /metrics (Prometheus) here: 9101 is a port of 127.0.0.1,
                       HOST:PORT another address; default: off
  BOT_LOG              text (the default) | json: the format of log lines

on one machine, in three terminals:
  vlm server --dir data --port 6379
  vlm worker
  BOT_TOKEN=123456:ABC... afterimage run
"""
DOCTOR: Final = """\
Examine a deployment from a bot's side: settings, Redis, queue, workers, and Telegram: the token, the webhook,
the updates that wait there. Changes nothing. Each finding is ok, warn or bad, and says what to do; the exit
status is 0 if nothing is bad. `vlm doctor` examines a worker's side.
"""
HEALTH: Final = """\
Check that a bot of this machine, or container, still asks for its updates. For scripts and containers: the
exit status is 0 or 1.
"""
DEMO: Final = """\
Start everything on this machine (a Redis server, a worker, a sandbox in place of Telegram with a chat page,
the bot), send one sample picture and one question through it, print the answers, and serve the chat page
until Ctrl-C. Needs no token, and nothing leaves this machine.
"""
DEMO_EPILOG: Final = """\
examples:
  afterimage demo                                         the small model that is included
  afterimage demo --once                                  one picture, one question, and exit
  afterimage demo --model Salesforce/blip2-flan-t5-xl     the full model; fetched from the hub once (8 GB)
"""

Environ = Mapping[str, str]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    arguments = parser().parse_args(argv)
    # python-telegram-bot's coming behaviour; without it, it warns whenever Telegram asks to slow down
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    run: Callable[[argparse.Namespace, Environ], int] = arguments.run
    try:
        return run(arguments, _environment())
    except AfterimageError as error:
        sys.stderr.write(f"afterimage: {error}\n")
        return 2 if isinstance(error, BadSetting) else 1


def _environment() -> Environ:
    """The environment, completed by the `.env` of this folder."""
    if not Path(".env").is_file():
        return os.environ
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(".env").items() if value is not None} | os.environ


def _run(arguments: argparse.Namespace, environ: Environ) -> int:
    import asyncio

    from telegram.error import InvalidToken

    from vlm import logs

    settings = read_settings(environ)
    logs.configure(settings.secrets, style=settings.log)
    log = logging.getLogger("bot")
    try:
        asyncio.run(_serve_until_signalled(settings))
    except InvalidToken:
        log.error("Telegram does not know this token. Check BOT_TOKEN, or ask @BotFather for a new one.")
        return 2
    except AfterimageError:
        raise
    except Exception:
        log.exception("the bot failed and cannot continue")
        return 1
    return 0


async def _serve_until_signalled(settings: Settings) -> None:
    import asyncio

    from bot.service import serve

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(settings, stop)


def _doctor(arguments: argparse.Namespace, environ: Environ) -> int:
    from bot import doctor

    return doctor.run(arguments, partial(read_settings, environ))


def _health(arguments: argparse.Namespace, environ: Environ) -> int:
    from bot import health

    return health.run(partial(read_settings, environ))


def _demo(arguments: argparse.Namespace, environ: Environ) -> int:
    from bot.demo import run as demo

    return demo.run(arguments, environ)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="afterimage", description="A Telegram bot that sees, answers and remembers."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    raw = argparse.RawDescriptionHelpFormatter
    run = commands.add_parser(
        "run", help="run the bot", description=RUN, epilog=RUN_EPILOG, formatter_class=raw
    )
    run.set_defaults(run=_run)
    doctor = commands.add_parser(
        "doctor", help="examine a deployment", description=DOCTOR, formatter_class=raw
    )
    doctor.set_defaults(run=_doctor)
    doctor.add_argument("--json", action="store_true", help="one JSON object")
    health = commands.add_parser(
        "health", help="check that a bot is at work here", description=HEALTH, formatter_class=raw
    )
    health.set_defaults(run=_health)
    demo = commands.add_parser(
        "demo",
        help="try everything on this machine",
        description=DEMO,
        epilog=DEMO_EPILOG,
        formatter_class=raw,
    )
    demo.set_defaults(run=_demo)
    demo.add_argument("--model", default="tiny", help="tiny | a checkpoint folder | a hub id (default: tiny)")
    demo.add_argument("--once", action="store_true", help="exit after the sample picture and question")
    demo.add_argument("--port", type=int, help="port of the chat page (default: 8080, or the next free one)")
    demo.add_argument(
        "--data",
        type=Path,
        help="where chats and memories are kept (default: data/demo; with --once: a temporary folder)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
