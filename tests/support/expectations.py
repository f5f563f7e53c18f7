"""What can be seen in a conversation: see conversation.py."""

import io
import re
import zipfile

import httpx

from support.bot_stack import Json, Person, buttons, wait_until
from support.conversation import Expectation, Scene, words


def hears(pattern: str, *labels: str, name: str = "", to: str = "") -> Expectation:
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


def has_heard(pattern: str, to: str = "") -> Expectation:
    """The bot said it, now or before."""

    def sight(scene: Scene, who: Person) -> None:
        said = [one for one in who.messages() if one["from"]["is_bot"] and re.search(pattern, words(one))]
        replied = [one.get("reply_to_message", {}).get("message_id") for one in said]
        assert said and (not to or scene.id_of(to) in replied), (pattern, said)

    return sight


def is_told(pattern: str) -> Expectation:
    """The answer to a press: a line over the chat."""

    def sight(scene: Scene, who: Person) -> None:
        assert re.search(pattern, scene.told.get("text", "")), scene.told

    return sight


def sees(*names: str) -> Expectation:
    """The bot shows exactly these photos, as Telegram has them: nothing is uploaded again."""

    def sight(scene: Scene, who: Person) -> None:
        wanted = sorted(file_of(scene.named[name]) for name in names)
        wait_until(lambda: shown(scene, who) == wanted)

    def shown(scene: Scene, who: Person) -> list[str]:
        return sorted(file_of(one) for one in scene.news(who) if {"photo", "document"} & {*one})

    return sight


def is_offered(pattern: str, count: int | None = None) -> Expectation:
    """The results of an inline query: so many, and one that fits."""

    def sight(scene: Scene, who: Person) -> None:
        results = scene.told["results"]
        assert count is None or len(results) == count, results
        assert not count or any(re.search(pattern, str(one)) for one in results), results

    return sight


def silence() -> Expectation:
    """All is handled, and nothing in the chat has changed."""

    def sight(scene: Scene, who: Person) -> None:
        scene.settle()
        assert scene.news(who) == []

    return sight


def no_more(name: str) -> Expectation:
    """A message is not in the chat any more."""
    return lambda scene, who: wait_until(
        lambda: scene.named[name]["message_id"] in [one["message_id"] for one in scene.gone(who)]
    )


def the_menu(pattern: str) -> Expectation:
    """Telegram's menu of commands has it."""

    def sight(scene: Scene, who: Person) -> None:
        def menu() -> str:
            entries = scene.stack.call("GET", "state", params=who.who)["commands"]
            return "\n".join(f"/{one['command']} {one['description']}" for one in entries)

        wait_until(lambda: re.search(pattern, menu()))

    return sight


def gets_zip(*patterns: str) -> Expectation:
    """A zip comes with these files and words in them: 'NAME: TEXT', both patterns."""

    def sight(scene: Scene, who: Person) -> None:
        [sent] = wait_until(lambda: [one for one in scene.news(who) if "document" in one])
        got = httpx.get(f"{scene.stack.page}/sandbox/file/{sent['document']['file_id']}").content
        with zipfile.ZipFile(io.BytesIO(got)) as inside:
            for name, _, text in (pattern.partition(": ") for pattern in patterns):
                held = [inside.read(one).decode() for one in inside.namelist() if re.search(name, one)]
                assert any(re.search(text, one) for one in held), (name, text, held)

    return sight


def in_topic(name: str, of: str) -> Expectation:
    """One message is in the same topic of the forum as another."""

    def sight(scene: Scene, who: Person) -> None:
        topics = [scene.now(who, one).get("message_thread_id") for one in (name, of)]
        assert topics[0] == topics[1] is not None, topics

    return sight


def brings_nothing(words_of_mine: str) -> Expectation:
    """What was posted in the chat says nothing of that, and the bot does not answer it."""

    def sight(scene: Scene, who: Person) -> None:
        silence()(scene, who)
        assert not [one for one in who.messages() if words_of_mine in words(one)]

    return sight


def knows_of(*said: str, photos: tuple[str, ...] = ()) -> Expectation:
    """Keys of the server have each of these words, and what Telegram calls these photos."""

    def sight(scene: Scene, who: Person) -> None:
        for word in (*said, *(file_of(scene.named[name]) for name in photos)):
            assert scene.traces(word), word

    return sight


def knows_nothing_of(*said: str, photos: tuple[str, ...] = ()) -> Expectation:
    """No key of the server has any of these words any more, nor what Telegram calls these photos."""

    def sight(scene: Scene, who: Person) -> None:
        scene.settle()
        for word in (*said, *(file_of(scene.named[name]) for name in photos)):
            assert scene.traces(word) == [], word

    return sight


def file_of(message: Json) -> str:
    return str((message.get("document") or message["photo"][-1])["file_unique_id"])
