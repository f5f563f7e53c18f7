"""One sandbox: its parts, and the folder that keeps it.

FOLDER/state.json   people, chats, messages, updates not yet confirmed; written soon after every change
FOLDER/photos, documents, thumbnails
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bot.sandbox.args import Json, bad_request
from bot.sandbox.chat import State, World, new_state
from bot.sandbox.faults import Faults
from bot.sandbox.feed import Feed
from bot.sandbox.files import Files
from bot.sandbox.updates import Updates

SAVE_PAUSE_S = 0.3
KEPT_CALLS = 20_000
KEPT_ANSWERS = 1_000


@dataclass(kw_only=True)
class Sandbox:
    """`queries`: button presses and inline queries that wait for an answer; `answers`: what the others got;
    `calls`: what the bot did."""

    folder: Path
    world: World
    feed: Feed
    files: Files
    updates: Updates
    faults: Faults
    samples: Path | None
    about: str
    queries: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    calls: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))

    def ask(self, **about: object) -> str:
        """A new query's id."""
        query_id = str(secrets.randbits(60))
        self.queries[query_id] = about
        return query_id

    def answer(self, kind: str, query_id: str, **answer: object) -> None:
        """Publish the bot's answer to a query. Raises ApiError 400 for a query that is answered already."""
        if query_id not in self.queries:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self.answers[query_id] = {**self.queries.pop(query_id), **answer}
        while len(self.answers) > KEPT_ANSWERS:
            del self.answers[next(iter(self.answers))]
        self.feed.publish(kind, query=query_id, **self.answers[query_id])

    def save(self) -> None:
        """Write the state down, whole or not at all."""
        draft = self.folder / "state.json.new"
        draft.write_bytes(msgspec.json.encode(self.world.state))
        draft.replace(self.folder / "state.json")

    async def keep_saved(self) -> None:
        """Save after changes until cancelled, then once more."""
        saved = -1
        try:
            while True:
                await self.feed.changed(saved, 3600)
                saved = self.feed.version
                self.save()
                await asyncio.sleep(SAVE_PAUSE_S)
        finally:
            self.save()


def build(folder: Path, *, samples: Path | None = None, about: str = "", name: str, username: str) -> Sandbox:
    """A sandbox as it was left in `folder`, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / "state.json"
    state = (
        msgspec.json.decode(saved.read_bytes(), type=State) if saved.exists() else new_state(name, username)
    )
    feed = Feed()
    world = World(state, feed)
    return Sandbox(
        folder=folder,
        world=world,
        feed=feed,
        files=Files(folder, state.files),
        updates=Updates(state, feed),
        faults=Faults(),
        samples=samples,
        about=about,
    )
