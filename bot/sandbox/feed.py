"""The events of the sandbox, in order: the page listens, tests wait for them, saving follows them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from bot.sandbox.args import Json

KEPT_EVENTS = 2_000


class Notifier:
    """Wakes all waiting tasks at each notification."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify_all(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self, timeout_s: float) -> bool:
        """Whether a notification came within `timeout_s`."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return False
        return True


class Feed:
    """Numbered events. `version` is the number of the last one."""

    def __init__(self) -> None:
        self.version = 0
        self._events: deque[tuple[int, Json]] = deque(maxlen=KEPT_EVENTS)
        self._notifier = Notifier()

    def publish(self, kind: str, **details: object) -> None:
        self.version += 1
        self._events.append((self.version, {"type": kind, **details}))
        self._notifier.notify_all()

    async def changed(self, since: int, timeout_s: float) -> int:
        """The version, as soon as it is past `since` or the time is up."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while self.version <= since and (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            await self._notifier.wait(left_s)
        return self.version

    async def listen(self, beat_s: float = 15) -> AsyncIterator[Json]:
        """Events from now on; `beat` after a silence, so that a lost reader is noticed."""
        last_seen = self.version
        yield {"type": "hello", "version": last_seen}
        while True:
            if await self.changed(last_seen, beat_s) == last_seen:
                yield {"type": "beat"}
            if self._events and self._events[0][0] > last_seen + 1:  # it missed some: start again
                yield {"type": "hello", "version": self.version}
            for number, event in [entry for entry in self._events if entry[0] > last_seen]:
                last_seen = number
                yield event
