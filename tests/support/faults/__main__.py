"""Inject one fault at a time under load, and print a table of outcomes (docs/reliability.md)."""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from support.faults.base import InjectedFault
from support.faults.catalogue import FAULTS
from support.faults.harness import Harness
from support.faults.run import HEADINGS, Outcome, run

MOST_CHATS = 50


async def tried(fault: InjectedFault, seeds: range, updates: int, logs: Path | None) -> Outcome:
    """One fault with each seed, on one set of processes."""
    total = Outcome()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        harness = Harness(Path(folder), fault.prelude, by_webhook=fault.by_webhook)
        try:
            await harness.open()
            for seed in seeds:
                outcome = await run(harness, fault, seed, updates, max(4, min(MOST_CHATS, updates // 6)))
                say(outcome.row(f"{fault.name}, seed {seed}"))
                for complaint in outcome.complaints():
                    say(f"  {fault.name}, seed {seed}: {complaint}")
                total.add(outcome)
        finally:
            await harness.shut()
            if logs:
                _keep(Path(folder), logs, fault.name)
    return total


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _keep(folder: Path, logs: Path, name: str) -> None:
    for log in folder.glob("*.log"):
        shutil.copy(log, logs / f"{name}-{log.name}")


def main() -> int:
    """The exit status: 1 if an update was lost, doubled or answered wrongly."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each fault (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--updates", type=int, default=1000, help="updates of each run (default: 1000)")
    parser.add_argument("--logs", type=Path, help="a folder that keeps the programs' logs")
    parser.add_argument("--only", action="append", choices=FAULTS, help="these faults; may be repeated")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process is left behind
    failed = False
    rows = []
    for name in args.only or FAULTS:
        begun_s = time.monotonic()
        fault = FAULTS[name]
        try:
            outcome = asyncio.run(
                tried(fault, range(args.first, args.first + args.seeds), args.updates, args.logs)
            )
        except Exception:  # noqa: BLE001 - the other faults are tried all the same
            say(f"  {name}: {traceback.format_exc()}")
            failed = True
            continue
        failed = failed or bool(outcome.complaints() and not fault.loses)
        rows.append(outcome.row(name))
        memory = ", ".join(f"{part} {mb:.0f} MB" for part, mb in sorted(outcome.rss_mb.items()))
        say(f"{rows[-1]}  ({time.monotonic() - begun_s:.0f} s; most memory: {memory})")
    say("\n".join(["", HEADINGS, *rows]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
