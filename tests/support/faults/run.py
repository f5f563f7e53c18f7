"""One run: a load, one fault at a random moment, and then the outcomes."""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from support.faults.base import InjectedFault
from support.faults.chat_view import ChatView
from support.faults.harness import Harness
from support.faults.ledger import Ledger, Sent, Verdict
from support.faults.load import load
from vlm.queue.tasks import cancel_all

SETTLE_S = 120.0  # after load and fault
MOST_WAITING = 40  # entries of all streams
IDLE_S = 30.0
HEADINGS = (
    "| fault | seeds | updates | answers | refusals | apologies | silences | unread | wrong | lost | doubled"
    " | unheard | recovery, s | picked up, s |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass
class Outcome:
    """The sums of one or more runs; times are maxima, in seconds."""

    seeds: int = 0
    updates: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    lost: list[Sent] = field(default_factory=list)
    wrong: list[tuple[Sent, str]] = field(default_factory=list)
    doubled: list[tuple[Sent, Verdict]] = field(default_factory=list)
    unheard: int = 0
    leftovers: list[str] = field(default_factory=list)
    recovery_s: float = 0.0
    picked_up_s: float = 0.0
    rss_mb: dict[str, float] = field(default_factory=dict)

    def add(self, other: "Outcome") -> None:
        self.seeds += other.seeds
        self.updates += other.updates
        self.counts += other.counts
        self.lost += other.lost
        self.wrong += other.wrong
        self.doubled += other.doubled
        self.unheard += other.unheard
        self.leftovers += other.leftovers
        self.recovery_s = max(self.recovery_s, other.recovery_s)
        self.picked_up_s = max(self.picked_up_s, other.picked_up_s)
        self.rss_mb = {name: max(mb, self.rss_mb.get(name, 0)) for name, mb in other.rss_mb.items()}

    def row(self, name: str) -> str:
        """A line of the table."""
        kinds = ("answer", "refusal", "apology", "silence", "unread", "wrong", "lost")
        numbers = " | ".join(str(self.counts[kind]) for kind in kinds)
        return (
            f"| {name} | {self.seeds} | {self.updates} | {numbers} | {len(self.doubled)} | {self.unheard} "
            f"| {self.recovery_s:.1f} | {self.picked_up_s:.1f} |"
        )

    def complaints(self) -> list[str]:
        """The broken promises, one a line."""
        return [
            *(f"lost: {sent}" for sent in self.lost),
            *(f"wrong: {answer}" for answer in self.wrong),
            *(f"doubled: {answer}" for answer in self.doubled),
            *(f"left over: {key}" for key in self.leftovers[:10]),
        ]


async def run(harness: Harness, fault: InjectedFault, seed: int, updates: int, chats: int) -> Outcome:
    """Run load and fault side by side, and count the outcomes once all is settled or time is up."""
    rng = random.Random(f"{fault.name} {seed}")
    chat_view, sending, watching = ChatView(harness.page), None, None
    await chat_view.start()
    try:
        ledger = Ledger(chat_view, gone=harness.gone, moved=harness.moved)
        harness.picked_up_s, harness.rss_mb = 0.0, {}
        at = int(updates * rng.uniform(0.15, 0.75))
        watching = asyncio.create_task(_watch(harness, ledger))
        sending = asyncio.create_task(load(ledger, rng, updates, chats, harness.people))
        recovery_s = await _strike(harness, fault, rng, ledger, at, sending)
        await sending
        await _settled(harness, ledger)
        await chat_view.refresh()
        harness.weigh()
        return await _counted(harness, ledger, recovery_s)
    finally:
        await cancel_all(*(task for task in (sending, watching) if task))
        await chat_view.close()


async def _watch(harness: Harness, ledger: Ledger) -> None:
    """Pause the load when a slow machine does not keep up: overload would be a second fault."""
    while True:
        ledger.is_full = await harness.waiting() > MOST_WAITING
        await asyncio.sleep(0.3)


async def _strike(
    harness: Harness,
    fault: InjectedFault,
    rng: random.Random,
    ledger: Ledger,
    at: int,
    sending: asyncio.Task[object],
) -> float:
    """Wait for the moment, inject the fault, and measure until all open entries are done."""
    while ledger.updates < at and not sending.done():  # noqa: ASYNC110 - a count, not an event
        await asyncio.sleep(0.01)
    await asyncio.sleep(rng.uniform(0, 0.5))
    harness.weigh()
    tails = await harness.tails()
    harness.healed_s = time.monotonic()
    await fault.act(harness, rng)
    while not await harness.is_past(tails):
        if time.monotonic() - harness.healed_s > SETTLE_S:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - harness.healed_s


async def _settled(harness: Harness, ledger: Ledger) -> None:
    """Wait until each update has an outcome and all streams are empty, or time is up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            while still := ledger.open():
                await asyncio.sleep(0.5)
                ledger.idempotency_keys |= await harness.recorded_keys({sent.chat for sent in still})
    with suppress(TimeoutError):
        async with asyncio.timeout(IDLE_S):
            while not await harness.is_idle() or await harness.leftovers():  # noqa: ASYNC110
                await asyncio.sleep(0.2)


async def _counted(harness: Harness, ledger: Ledger, recovery_s: float) -> Outcome:
    ledger.idempotency_keys = await harness.recorded_keys({sent.chat for sent in ledger.entries})
    verdicts = [(sent, ledger.verdict(sent)) for sent in ledger.entries]
    outcome = Outcome(1, ledger.updates, recovery_s=recovery_s, picked_up_s=harness.picked_up_s)
    for sent, verdict in verdicts:
        outcome.counts[verdict.outcome] += sent.updates
        outcome.unheard += verdict.unheard
        if verdict.outcome == "lost":
            outcome.lost.append(sent)
        if verdict.outcome == "wrong":
            outcome.wrong.append((sent, str([message["text"] for message in ledger.answers_to(sent)])))
        if verdict.times > 1:
            outcome.doubled.append((sent, verdict))  # both known to the bot
    outcome.leftovers = await harness.leftovers()
    outcome.rss_mb = dict(harness.rss_mb)
    return outcome
