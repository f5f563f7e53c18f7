"""The load: every kind of job, in private chats and groups, from one seed.

Each `Visitor` works through its steps in order; those of different visitors run side by side.
"""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx

from support.bot_stack import buttons, picture
from support.faults.chat_view import Json
from support.faults.ledger import Ledger, Sent
from vlm.engine.echo import NAMES

NAME = "@afterimage_bot"
PATIENCE_S = 60.0  # for what a later step needs
RATE = 12.0  # updates a second, of all together
GROUPS = 6  # one chat in so many is a group

_numbers = itertools.count(1)
_people = itertools.count(7_000_000_001)
_groups = itertools.count(-3_000_001, -1)


class Visitor:
    """One user in one chat, who pauses for `pause_s` on average. Actions refer to `first` and `question`."""

    def __init__(self, ledger: Ledger, rng: random.Random, *, in_group: bool, pause_s: float = 0.1) -> None:
        self.ledger = ledger
        self.chat_view = ledger.chat_view
        self.rng = rng
        self.user = next(_people)
        self.chat = next(_groups) if in_group else self.user
        self.in_group = in_group
        self.pause_s = pause_s
        self.has_asked = False
        self.hopeless: list[Sent] = []  # waited for in vain: once is enough
        self.first: Sent | None = None
        self.question: Sent | None = None

    async def run(self, updates: int) -> None:
        """Act until `count` updates are sent; the last may be an album."""
        steps = itertools.cycle(self._steps())
        left = updates
        await asyncio.sleep(self.rng.uniform(0, self.pause_s))
        while left > 0:
            while self.ledger.is_full:  # noqa: ASYNC110 - a state, not an event
                await asyncio.sleep(0.2)
            try:
                left -= await next(steps)()
            except httpx.HTTPStatusError:  # a chat that is no more, or has blocked the bot
                if not self.is_closed():
                    raise
                return
            await asyncio.sleep(self.rng.expovariate(1 / self.pause_s))

    def is_closed(self) -> bool:
        """Whether the user cannot send any more."""
        return self.chat in self.ledger.gone or self.chat in self.ledger.moved

    def _steps(self) -> list[Callable[[], Awaitable[int]]]:
        """Send a photo and a question about it first: later actions refer to both."""
        if self.in_group:
            actions = [self.chatter, self.mention, self.follow_up, self.help, self.similar, self.recent]
            return [self.send_photo, *self._shuffled(actions)]
        actions = [
            self.ask_on, self.bare_question, self.album, self.find, self.similar, self.recent, self.voice,
            self.broken, self.suggested, self.detail, self.correct, self.reword, self.inline, self.export,
            self.forget, self.help, self.unknown, self.asked_photo, self.style, self.privacy,
        ]  # fmt: skip
        return [self.send_photo, self.ask_on, *self._shuffled(actions)]

    def _shuffled(self, steps: list[Callable[[], Awaitable[int]]]) -> list[Callable[[], Awaitable[int]]]:
        return self.rng.sample(steps, len(steps))

    # what is sent

    async def send_photo(self) -> int:
        self.first = await self._photo(f"{NAME}" if self.in_group else "")
        return 1

    async def asked_photo(self) -> int:
        token = f"Q{next(_numbers)}"
        photo = await self._photo(f"What is {token}?")
        self._note("question", rf"{token}.*asked of {photo.words}", 0, token=token, updates=0, after=photo)
        return 1

    async def album(self) -> int:
        drawn = [self._drawn() for _ in range(self.rng.randint(2, 4))]
        files = [("file", (f"{n}.png", data)) for n, (data, _) in enumerate(drawn)]
        told = await self._send(files=files)
        lines = rf"AI captions:.*{'.*'.join(words for t, words in drawn)}"
        first, *others = [message["message_id"] for message in told]
        self._note("album", lines, first, updates=len(drawn), others=tuple(others))
        return len(drawn)

    async def ask_on(self) -> int:
        photo, token = self.first, f"Q{next(_numbers)}"
        assert photo
        words = f"{NAME} what is {token}?" if self.in_group else f"What is {token}?"
        sent = await self._write(words, photo.message)
        wants = rf"{token}.*asked of {photo.words}"
        self.question = self._note("question", wants, sent, token=token)
        return 1

    async def bare_question(self) -> int:
        token = f"Q{next(_numbers)}"
        sent = await self._write(f"What is {token}?")
        self._note("question", rf"{token}.*asked of a ", sent, token=token)
        return 1

    async def follow_up(self) -> int:
        """Reply to a message of the bot."""
        assert self.first
        caption = await self._final(self.first)
        if caption is None:
            return await self.help()
        token = f"Q{next(_numbers)}"
        sent = await self._write(f"What is {token}?", caption["message_id"])
        self._note("question", rf"{token}.*asked of {self.first.words}", sent, token=token)
        return 1

    async def mention(self) -> int:
        await self._photo(NAME)
        return 1

    async def chatter(self) -> int:
        self._note("silence", "^$", await self._write("Lovely weather"))
        return 1

    async def find(self) -> int:
        colour = self.rng.choice(NAMES)
        sent = await self._write(f"/find {colour}")
        self._note("find", "photos?:|Photos|Nothing like that|Send me some first", sent, pictures=True)
        return 1

    async def similar(self) -> int:
        assert self.first
        sent = await self._write("/find", self.first.message)
        wants = "photos?:|Photos|Nothing like that|like that one|Send me some first"
        self._note("similar", wants, sent, pictures=True)
        return 1

    async def recent(self) -> int:
        self._note("recent", "latest photos|Send me some", await self._write("/recent"), pictures=True)
        return 1

    async def voice(self) -> int:
        told = await self._send(files=[("file", ("note.ogg", b"says"))], kind="voice")
        self._note("voice", "^$", told[0]["message_id"])
        return 1

    async def broken(self) -> int:
        told = await self._send(files=[("file", ("broken.png", b"no picture" * 9))], as_file="true")
        self._note("broken", "^$", told[0]["message_id"])
        return 1

    async def help(self) -> int:
        text = f"/help{NAME}" if self.in_group else "/help"
        self._note("help", "/find|mention me", await self._write(text))
        return 1

    async def privacy(self) -> int:
        self._note("privacy", "What I keep", await self._write("/privacy"))
        return 1

    async def unknown(self) -> int:
        self._note("unknown", "do not know that command", await self._write("/xyzzy"))
        return 1

    async def style(self) -> int:
        self._note("style", "normal length", await self._write("/style normal"))
        return 1

    async def correct(self) -> int:
        assert self.first
        sent = await self._write(f"/edit words {next(_numbers)}", self.first.message)
        self._note("edit", "Thank you", sent)
        return 1

    async def export(self) -> int:
        self._note("export", "Here (are|is)|nothing to save", await self._write("/export"), pictures=True)
        return 1

    async def forget(self) -> int:
        """Send a photo that no other action refers to."""
        photo = await self._photo()
        await self._final(photo)
        sent = await self._write("/forget", photo.message)
        self._note("forget", "I have forgotten", sent)
        photo.kind, photo.wants = "forgotten", "^$"  # the caption goes from the chat
        return 2

    async def reword(self) -> int:
        """Edit a question that has been answered."""
        question = self.question
        if question is None or not await self._final(question):
            return await self.help()
        token = f"Q{next(_numbers)}"
        await self.chat_view.call(
            "edit", json=self._who(message_id=question.message, text=f"What is {token}?")
        )
        question.updates += 1
        question.wants, question.token = question.wants.replace(question.token, token), token
        self.question = None  # its answer is this one's now
        return 1

    async def inline(self) -> int:
        told = await self.chat_view.call("inline", json=self._who(query=self.rng.choice(NAMES)))
        self._note("inline", "", 0, query=told["query"])
        return 1

    async def suggested(self) -> int:
        """Asked once, it is answered below the caption; again, the button says so."""
        caption = await self._press("What is in the picture")
        if caption and not self.has_asked:
            self.has_asked, below = True, caption["message_id"]
            self._note("suggested", "What is in the picture.*asked of", 0, below=below, updates=0)
        return 1

    async def detail(self) -> int:
        if await self._press("More detail") and self.first:
            self._note("detail", "More: |^Your caption: ", 0, below=self.first.message, updates=0)
        return 1

    # how

    async def _press(self, label: str) -> Json | None:
        """Press a button under the first photo's caption: that message. None: something else was done."""
        assert self.first
        caption = await self._final(self.first)
        data = next((data for shown, data in buttons(caption or {}).items() if label in shown), None)
        if caption and data:
            about = self._who(message_id=caption["message_id"], data=data)
            with suppress(httpx.HTTPStatusError):  # it was edited at that moment
                told = await self.chat_view.call("press", json=about)
                self._note("press", "", 0, query=told["query"])
                return caption
        await self.help()
        return None

    async def _photo(self, caption: str = "") -> Sent:
        data, words = self._drawn()
        size = words.partition(" picture of ")[2]
        told = await self._send(files=[("file", ("picture.png", data))], caption=caption)
        wants = f"^AI caption: .*{words}|^AI caption: .*{size}|^Your caption: "  # others' words come later
        return self._note("photo", wants, told[0]["message_id"], words=words)

    def _drawn(self) -> tuple[bytes, str]:
        """A picture like no other, and what the engine says of it."""
        number, colour = next(_numbers), self.rng.choice(NAMES)
        width, height = 40 + number % 97, 40 + number // 97 % 97
        return picture(colour, (width, height)), f"a {colour} picture of {width} by {height}"

    async def _final(self, sent: Sent) -> Json | None:
        """The bot's answer; None if there is none in time, or the update was lost or apologised for."""

        def final_answer() -> Json | None:
            if self.ledger.verdict(sent).outcome in ("lost", "apology"):
                return None
            messages = self.chat_view.bot_messages(self.chat)
            place = sent.below or sent.message
            mine = [
                message
                for message in messages
                if message.get("reply_to_message", {}).get("message_id") == place
            ]
            if sent.token:
                return next(
                    (message for message in messages if f"{sent.token}?" in message.get("text", "")), None
                )
            return next(
                (message for message in mine if message.get("text", "").startswith(("AI caption", "Your"))),
                None,
            )

        if sent in self.hopeless:
            return final_answer()
        answer: Json | None = await self.chat_view.until(self.chat, final_answer, PATIENCE_S)
        if answer is None:
            self.hopeless.append(sent)
        return answer

    async def _write(self, text: str, reply_to: int = 0) -> int:
        more = {"reply_to": reply_to} if reply_to else {}
        told = await self.chat_view.call("send", json=self._who(text=text, **more))
        return int(told["messages"][0]["message_id"])

    async def _send(self, files: list[tuple[str, tuple[str, bytes]]], **more: str) -> list[Json]:
        fields = {key: str(value) for key, value in self._who(**more).items()}
        told = await self.chat_view.call("send", data=fields, files=files)
        messages: list[Json] = told["messages"]
        return messages

    def _who(self, **more: object) -> Json:
        return {"chat": self.chat, "user": self.user, **more}

    def _note(self, kind: str, wants: str, message: int, **more: object) -> Sent:
        return self.ledger.note(Sent(kind, self.chat, wants, message=message, **more))  # type: ignore[arg-type]


async def load(
    ledger: Ledger, rng: random.Random, updates: int, chats: int, people: dict[int, int]
) -> list[Visitor]:
    """Send `updates` from `chats` visitors. Returns when all are sent, not when all are answered.

    Fills `people`: chat -> user.
    """
    visitors = [
        Visitor(ledger, random.Random(rng.random()), in_group=n % GROUPS == 1, pause_s=chats / RATE)
        for n in range(chats)
    ]
    people.clear()
    people.update({visitor.chat: visitor.user for visitor in visitors})
    shares = [updates // chats + (n < updates % chats) for n in range(chats)]
    groups = [
        min(7, share) if visitor.in_group else share for visitor, share in zip(visitors, shares, strict=True)
    ]
    rest, privates = (
        sum(shares) - sum(groups),
        [n for n, visitor in enumerate(visitors) if not visitor.in_group],
    )
    for n in range(rest):  # a group can be sent 20 messages a minute, so it says little
        groups[privates[n % len(privates)]] += 1
    await asyncio.gather(*(visitor.run(count) for visitor, count in zip(visitors, groups, strict=True)))
    return visitors
