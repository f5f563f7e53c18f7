"""A conversation as a table: in each row somebody does something in a chat, and something is seen there.

    ("Ada", sends("red", name="bike"), hears("AI caption: a red picture"))

A sight is what the bot said or changed in that chat since the step began. `name=` names a message, so that
later steps can reply to it, edit it or press its buttons; a group `(?P<word>...)` of a pattern keeps a word,
for later texts that say `{word}`. Words that are not English are looked up in the bot's own catalogs.
"""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
from bot_stack import Json, Person, Stack, buttons, picture, wait_until
from redis import Redis

from bot.tongue import tongue

# What came in passes from one to the next.
STREAMS = ("updates", "jobs:interactive", "jobs:bulk", "results", "exports")


class Scene:
    """Who is there, and what was said so far. `bot` are the bot's settings.

    is_deadly   bot and worker are killed in the middle of each `deadly` deed
    is_idle     what comes in is done at once
    told        the answer to the last press or inline query
    """

    def __init__(
        self, stack: Stack, cast: dict[str, Person], bot: dict[str, str], *, is_deadly: bool = False
    ) -> None:
        self.stack = stack
        self.cast = cast
        self.is_deadly = is_deadly
        self.named: dict[str, Json] = {}
        self.words: dict[str, str] = {}
        self.told: Json = {}
        self.is_idle = True
        self._bot = bot
        self._before: dict[int, Json] = {}
        self._redis = Redis.from_url(stack.server.url)
        self._redis.config_set("rdbcompression", "no")

    def play(self, step: "Step") -> None:
        """Let one step happen, and see what must be seen."""
        person = self.cast[step.who]
        self._before = {one["message_id"]: one for one in person.messages()}
        try:
            step.deed(self, person)
            for sight in step.sights:
                sight(self, self.cast[step.who])
            if self.is_idle:
                self.settle()
        except Exception as error:
            error.add_note(f"That was {step.who}, item {step.item}. The chat:\n{self._chat(step.who)}")
            raise

    def kill(self) -> None:
        """Bot and worker end as in a crash, and start again."""
        self.stack.kill("bot", "worker")
        self.stack.start_worker()
        self.stack.start_bot(**self._bot)

    def settle(self) -> None:
        """Wait until all that came in is done: looked at twice, as what is done may bring more to do."""
        wait_until(lambda: self._is_settled() and self._is_settled())

    def _is_settled(self) -> bool:
        waiting = self.stack.call_bot("getWebhookInfo")["pending_update_count"]
        return not waiting and not any(self._redis.xlen(f"{{afterimage}}:{name}") for name in STREAMS)

    def news(self, who: Person) -> list[Json]:
        """What the bot said or changed in the chat since the step began."""
        said = [one for one in who.messages() if one["from"]["is_bot"]]
        return [one for one in said if self._before.get(one["message_id"]) != one]

    def gone(self, who: Person) -> list[Json]:
        """What has disappeared from the chat since the step began."""
        left = {one["message_id"] for one in who.messages()}
        return [one for id, one in self._before.items() if id not in left]

    def id_of(self, name: str) -> int | None:
        return int(self.named[name]["message_id"]) if name else None

    def now(self, who: Person, name: str) -> Json:
        """A named message as it is now."""
        return next(one for one in who.messages() if one["message_id"] == self.named[name]["message_id"])

    def traces(self, word: str) -> list[str]:
        """The keys on the server whose name or content has a word."""
        found = [key for key in self._redis.scan_iter(count=1000) if word.encode() in key + self._held(key)]
        return [key.decode() for key in found]

    def _held(self, key: bytes) -> bytes:
        return self._redis.dump(key) or b""  # with nothing compressed: see `__init__`

    def _chat(self, who: str) -> str:
        said = [f"{one['from']['first_name']}: {words(one)}" for one in self.cast[who].messages()]
        return "\n".join(said[-8:])


Deed = Callable[[Scene, Person], None]
Sight = Callable[[Scene, Person], None]


class Step(NamedTuple):
    """`item` is what it shows, of the ten things that a chat must have."""

    item: int
    who: str
    deed: Deed
    sights: tuple[Sight, ...]


def about(item: int, *rows: tuple[Any, ...]) -> list[Step]:
    """Steps that show one item. A row: who, the deed, and any number of sights."""
    return [Step(item, who, deed, tuple(sights)) for who, deed, *sights in rows]


def words(message: Json) -> str:
    return str(message.get("text") or message.get("caption") or "")


def said_in(code: str, reply: Callable[..., str], *values: Any, **more: Any) -> str:
    """A pattern for what the bot says in another language, for which it must have words."""
    in_it = reply(tongue(code), *values, **more)
    assert in_it != reply(tongue("en"), *values, **more), f"no words for it in {code}: {in_it}"
    return re.escape(in_it)


# What people do.


def writes(text: str, reply_to: str = "", name: str = "") -> Deed:
    def deed(scene: Scene, who: Person) -> None:
        keep(scene, who, name, who.write(text.format_map(scene.words), scene.id_of(reply_to)))

    return deed


def sends(what: str | bytes, file: str = "picture.png", name: str = "", **extra: Any) -> Deed:
    """A picture, by colour and size ('red 80 60') or by its bytes. `kind`, `as_file`: how it is sent."""

    def deed(scene: Scene, who: Person) -> None:
        keep(scene, who, name, who.send(drawn(what), file, **extra))

    return deed


def sends_album(*whats: str | bytes, name: str = "", **extra: Any) -> Deed:
    def deed(scene: Scene, who: Person) -> None:
        keep(scene, who, name, who.send_album(*map(drawn, whats), **extra)[0])

    return deed


def edits(name: str, text: str) -> Deed:
    return lambda scene, who: who.edit(int(scene.named[name]["message_id"]), text)


def presses(name: str, label: str) -> Deed:
    """The button whose label fits a pattern."""

    def deed(scene: Scene, who: Person) -> None:
        offered = buttons(scene.now(who, name))
        [data] = [data for shown, data in offered.items() if re.fullmatch(label, shown)]
        scene.told = who.press(int(scene.named[name]["message_id"]), data)

    return deed


def types_inline(query: str) -> Deed:
    def deed(scene: Scene, who: Person) -> None:
        asked = who.act("inline", query=query)["query"]
        told = scene.stack.call("GET", "answer", params={"query": asked, "wait_s": 30})
        scene.told = {**told, "query": asked}

    return deed


def chooses() -> Deed:
    """The first of the results that were typed for: it is posted in this chat."""
    return lambda scene, who: (
        who.act("choose", query=scene.told["query"], result=scene.told["results"][0]["id"]) and None
    )


def acts(*deeds: str, **about: Any) -> Deed:
    """What else can be done in a chat: block, unblock, promote (see bot/sandbox/page.py)."""

    def deed(scene: Scene, who: Person) -> None:
        for one in deeds:
            who.act(one, **about)

    return deed


def moves(*cast: str) -> Deed:
    """The group becomes a supergroup, and these people go with it."""

    def deed(scene: Scene, who: Person) -> None:
        new = who.act("migrate")["chat"]
        for name in cast:
            scene.cast[name] = Person(scene.stack, new, user=scene.cast[name].who["user"])

    return deed


def deadly(deed: Deed) -> Deed:
    """Right after the deed, bot and worker may end as in a crash, and start again."""

    def done(scene: Scene, who: Person) -> None:
        deed(scene, who)
        if scene.is_deadly:
            scene.kill()

    return done


def happens(what: Callable[[Scene], None], *, is_idle: bool = True) -> Deed:
    """Something around the chat. Not `is_idle`: from then on, what comes in has to wait."""

    def deed(scene: Scene, who: Person) -> None:
        what(scene)
        scene.is_idle = is_idle

    return deed


# What is seen.


def hears(pattern: str, *labels: str, name: str = "", to: str = "") -> Sight:
    """The bot says it, with buttons of these labels, in reply `to` that message."""

    def sight(scene: Scene, who: Person) -> None:
        message = wait_until(lambda: next((one for one in scene.news(who) if fits(scene, one)), None))
        scene.named |= {name: message} if name else {}
        if found := re.search(pattern, words(message), re.DOTALL):
            scene.words |= found.groupdict()

    def fits(scene: Scene, one: Json) -> bool:
        offered, answered = list(buttons(one)), one.get("reply_to_message", {}).get("message_id")
        if not re.search(pattern, words(one), re.DOTALL) or (to and answered != scene.id_of(to)):
            return False
        return all(any(re.fullmatch(label, shown) for shown in offered) for label in labels)

    return sight


def has_heard(pattern: str, to: str = "") -> Sight:
    """The bot said it, now or before."""

    def sight(scene: Scene, who: Person) -> None:
        said = [one for one in who.messages() if one["from"]["is_bot"] and re.search(pattern, words(one))]
        replied = [one.get("reply_to_message", {}).get("message_id") for one in said]
        assert said and (not to or scene.id_of(to) in replied), (pattern, said)

    return sight


def is_told(pattern: str) -> Sight:
    """The answer to a press: a line over the chat."""

    def sight(scene: Scene, who: Person) -> None:
        assert re.search(pattern, scene.told.get("text", "")), scene.told

    return sight


def sees(*names: str) -> Sight:
    """The bot shows exactly these photos, as Telegram has them: nothing is uploaded again."""

    def sight(scene: Scene, who: Person) -> None:
        wanted = sorted(file_of(scene.named[name]) for name in names)
        wait_until(lambda: shown(scene, who) == wanted)

    def shown(scene: Scene, who: Person) -> list[str]:
        return sorted(file_of(one) for one in scene.news(who) if {"photo", "document"} & {*one})

    return sight


def is_offered(pattern: str, count: int | None = None) -> Sight:
    """The results of an inline query: so many, and one that fits."""

    def sight(scene: Scene, who: Person) -> None:
        results = scene.told["results"]
        assert count is None or len(results) == count, results
        assert not count or any(re.search(pattern, str(one)) for one in results), results

    return sight


def silence() -> Sight:
    """All is handled, and nothing in the chat has changed."""

    def sight(scene: Scene, who: Person) -> None:
        scene.settle()
        assert scene.news(who) == []

    return sight


def no_more(name: str) -> Sight:
    """A message is not in the chat any more."""
    return lambda scene, who: wait_until(
        lambda: scene.named[name]["message_id"] in [one["message_id"] for one in scene.gone(who)]
    )


def the_menu(pattern: str) -> Sight:
    """Telegram's menu of commands has it."""

    def sight(scene: Scene, who: Person) -> None:
        def menu() -> str:
            entries = scene.stack.call("GET", "state", params=who.who)["commands"]
            return "\n".join(f"/{one['command']} {one['description']}" for one in entries)

        wait_until(lambda: re.search(pattern, menu()))

    return sight


def gets_zip(*patterns: str) -> Sight:
    """A zip comes with these files and words in them: 'NAME: TEXT', both patterns."""

    def sight(scene: Scene, who: Person) -> None:
        [sent] = wait_until(lambda: [one for one in scene.news(who) if "document" in one])
        got = httpx.get(f"{scene.stack.page}/sandbox/file/{sent['document']['file_id']}").content
        with zipfile.ZipFile(io.BytesIO(got)) as inside:
            for name, _, text in (pattern.partition(": ") for pattern in patterns):
                held = [inside.read(one).decode() for one in inside.namelist() if re.search(name, one)]
                assert any(re.search(text, one) for one in held), (name, text, held)

    return sight


def in_topic(name: str, of: str) -> Sight:
    """One message is in the same topic of the forum as another."""

    def sight(scene: Scene, who: Person) -> None:
        topics = [scene.now(who, one).get("message_thread_id") for one in (name, of)]
        assert topics[0] == topics[1] is not None, topics

    return sight


def brings_nothing(words_of_mine: str) -> Sight:
    """What was posted in the chat says nothing of that, and the bot does not answer it."""

    def sight(scene: Scene, who: Person) -> None:
        silence()(scene, who)
        assert not [one for one in who.messages() if words_of_mine in words(one)]

    return sight


def knows_nothing_of(*said: str, photos: tuple[str, ...] = ()) -> Sight:
    """No key of the server has any of these words any more, nor what Telegram calls these photos."""

    def sight(scene: Scene, who: Person) -> None:
        scene.settle()
        for word in (*said, *(file_of(scene.named[name]) for name in photos)):
            assert scene.traces(word) == [], word

    return sight


def drawn(what: str | bytes) -> bytes:
    if isinstance(what, bytes):
        return what
    colour, *size = what.split()
    return picture(colour, (int(size[0]), int(size[1])) if size else (64, 48))


def file_of(message: Json) -> str:
    return str((message.get("document") or message["photo"][-1])["file_unique_id"])


def keep(scene: Scene, who: Person, name: str, message: int) -> None:
    if name:
        scene.named[name] = next(one for one in who.messages() if one["message_id"] == message)
