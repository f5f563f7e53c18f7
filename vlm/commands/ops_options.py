"""The options of `vlm doctor` and `vlm dead`, and their help."""

import argparse
from typing import Any, Final

from vlm.settings import Settings

DOCTOR: Final = """\
Examine a whole deployment: settings, the Redis server (version, persistence, memory, this user's rights),
the workers and their version, how much waits and for how long, dead letters, the model, room on the disk.
Each finding is ok, warn or bad, and says what to do. Changes nothing. Telegram and the bot's token are
examined by `afterimage doctor`.
"""
DOCTOR_EPILOG: Final = """\
exit status:
  0  nothing is bad    1  something is

with --json, one object:
  {"well": false, "findings": [{"about": "workers", "level": "bad", "says": "No worker is alive.",
   "do": "Start one: `vlm worker`. If one should run, its log says why it does not."}]}
"""
DEAD: Final = """\
Jobs that killed their workers, or that no worker understood, are given up after a few tries: their sender
gets an apology, and the last thousand are kept here without their pictures.

  list     ID, age, code, how often it was tried, task, chat and job of each; no content, unless --show
  replay   put a job back into the queue, once; its answer then takes the apology's place
  drop     throw it away
"""
DEAD_EPILOG: Final = """\
examples:
  vlm dead list
  vlm dead replay 1767225600000-0
  vlm dead drop --all

exit status:
  0  all went well    1  a letter could not be put back, or had gone    2  there is no letter of that ID
"""


def add(commands: Any) -> None:
    """Add the commands."""
    raw = argparse.RawDescriptionHelpFormatter
    doctor = commands.add_parser(
        "doctor",
        help="examine a whole deployment",
        description=DOCTOR,
        epilog=DOCTOR_EPILOG,
        formatter_class=raw,
    )
    doctor.add_argument("--json", action="store_true", help="one JSON object")
    _add_redis(doctor)
    dead = commands.add_parser(
        "dead", help="jobs that were given up", description=DEAD, epilog=DEAD_EPILOG, formatter_class=raw
    )
    deeds = dead.add_subparsers(dest="what", metavar="WHAT", required=True)
    shown = deeds.add_parser("list", help="show them")
    shown.add_argument("--json", action="store_true", help="one JSON object a line")
    shown.add_argument("--show", action="store_true", help="also what was asked: somebody's own words")
    _add_redis(shown)
    for name, short in (("replay", "put some back into the queue"), ("drop", "throw some away")):
        deed = deeds.add_parser(name, help=short)
        which = deed.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "ids", metavar="ID", nargs="*", default=[], help="of a letter, as `vlm dead list` shows it"
        )
        which.add_argument("--all", action="store_true", help="all of them")
        _add_redis(deed)


def _add_redis(command: argparse.ArgumentParser) -> None:
    default = f"$REDIS_URL, else {Settings().redis_url}"
    command.add_argument("--redis", metavar="URL", help=f"the Redis server (default: {default})")
