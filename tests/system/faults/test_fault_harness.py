"""One fault at a time under a load of every kind of job: nothing is lost, nothing comes twice.

A part of `make faults`, with fewer updates. What is promised, and what it came to: docs/reliability.md.
"""

import asyncio
import re
from pathlib import Path

import pytest
from support.faults.catalogue import FAULTS
from support.faults.harness import Harness
from support.faults.run import Outcome, run
from support.paths import ROOT

UPDATES, CHATS = 30, 6
MOST_MB = 400.0
PAGE = ROOT / "docs" / "reliability.md"


async def tried(folder: Path, name: str, seed: int = 1) -> Outcome:
    """One run of one fault, on processes of its own."""
    fault = FAULTS[name]
    harness = Harness(folder, fault.prelude, by_webhook=fault.by_webhook)
    try:
        await harness.open()
        return await run(harness, fault, seed, UPDATES, CHATS)
    finally:
        await harness.shut()


@pytest.mark.promise("reliability#one-outcome")
@pytest.mark.parametrize(
    "name", ["bot-killed", "webhook-before-journal", "worker-stalled", "worker-after-finish", "redis-crashed"]
)
def test_whatever_dies_each_update_has_one_outcome(tmp_path: Path, name: str) -> None:
    outcome = asyncio.run(tried(tmp_path, name))
    assert outcome.complaints() == []
    assert outcome.updates >= UPDATES
    assert max(outcome.rss_mb.values()) < MOST_MB


def test_every_fault_is_in_the_documents() -> None:
    named = re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert set(named) == set(FAULTS)
