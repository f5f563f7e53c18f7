"""CPU time of starting the programs: `--help` of both, and the imports of a bot.

    python benchmarks/startup.py [--repeats 15]

Each start is a new process, user and system time together, with the files in the page cache. A bare
interpreter is measured too, as the lower limit. The last line is JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# name -> (arguments of the interpreter, the limit in seconds)
STARTS: Final[dict[str, tuple[list[str], float]]] = {
    "python": (["-c", "pass"], 0.0),
    "vlm --help": (["-m", "vlm.cli", "--help"], 0.15),
    "afterimage --help": (["-m", "bot", "--help"], 0.15),
    "afterimage run": (["-c", "import bot.__main__, bot.service"], 1.0),
}


def processor_s(arguments: list[str]) -> float:
    """The processor time of one process, in seconds."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"python {' '.join(arguments)} ended with status {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure every start and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print("| start | median, s | least, s | limit, s |\n|---|--:|--:|--:|")
    medians = {}
    for name, (arguments, limit_s) in STARTS.items():
        processor_s(arguments)  # compiles what has changed
        seconds = [processor_s(arguments) for _ in range(repeats)]
        medians[name] = round(statistics.median(seconds), 3)
        limit = f"{limit_s:.2f}" if limit_s else ""
        print(f"| `{name}` | {medians[name]:.3f} | {min(seconds):.3f} | {limit} |", flush=True)
    print(json.dumps(medians))


if __name__ == "__main__":
    main()
