"""/lang: each chat has its own language, and is told what the model cannot write."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from redis import Redis
from support.bot_stack import Json, Person, Stack, wait_until

from bot.i18n.translator import CATALOGS, translator_for
from bot.replies.language import chosen
from bot.replies.start import PRIVATE, commands, unknown_command
from vlm import keys
from vlm.protocol import ModelInfo

WRITTEN = {"de", "es", "pl"}


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A bot whose worker writes German, Spanish and Polish."""
    stack = Stack(Path(tmp_path_factory.mktemp("speaking")))
    try:
        stack.start_sandbox()
        announce(stack)
        stack.start_bot()
        yield stack
    finally:
        stack.close()


def announce(stack: Stack) -> None:
    model = ModelInfo(name="polyglot", revision="1", languages=tuple(WRITTEN))
    with Redis.from_url(stack.server.url) as redis:
        redis.sadd(keys.WORKER_NAMES(), "polyglot")
        redis.set(keys.WORKER(name="polyglot"), msgspec.msgpack.encode(model))


@pytest.fixture
def person(speaking: Stack) -> Person:
    return speaking.person()


def labels(message: Json) -> list[str]:
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


def becomes(person: Person, message: Json) -> Json:
    """A message, once it is another one."""

    def changed() -> Json | None:
        [now] = [
            candidate for candidate in person.messages() if candidate["message_id"] == message["message_id"]
        ]
        return now if now["text"] != message["text"] else None

    return wait_until(changed)  # type: ignore[no-any-return]


def hears_in(person: Person, code: str) -> bool:
    """Whether the bot speaks a language now."""
    return person.answer_text(person.write("/xyzzy")) == unknown_command(translator_for(code), "xyzzy")


def test_languages_are_offered_by_their_own_names_with_the_chats_own_first(speaking: Stack) -> None:
    person = Person(speaking, language="fr")
    offered = labels(person.answer(person.write("/lang")))
    assert offered[:3] == ["Français", "English", "Español"]
    assert {"中文", "العربية", "हिन्दी", "Українська"} < set(offered)


def test_a_pressed_language_is_spoken_at_once_and_confirmed_in_it(person: Person) -> None:
    offer = person.answer(person.write("/lang"))
    person.press(offer["message_id"], "lang:de")
    assert becomes(person, offer)["text"] == chosen(translator_for("de"), WRITTEN)
    assert hears_in(person, "de")


def test_after_a_press_one_can_think_better_of_it(person: Person) -> None:
    offer = person.answer(person.write("/lang"))
    person.press(offer["message_id"], "lang:ar")
    assert labels(becomes(person, offer))[:2] == ["العربية", "English"]
    person.press(offer["message_id"], "lang:en")
    assert hears_in(person, "en")


def test_the_menu_follows(speaking: Stack, person: Person) -> None:
    person.answer_text(person.write("/lang deutsch"))
    menu = speaking.call("GET", "state", params={"chat": person.chat})["commands"]
    assert {command["command"]: command["description"] for command in menu} == dict(
        commands(translator_for("de"), PRIVATE)
    )


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("deutsch", "de"),
        ("DEUTSCH", "de"),
        ("German", "de"),
        ("allemand", "de"),
        ("немецкий", "de"),
        ("de-AT", "de"),
        ("pt-BR", "pt"),
        ("português", "pt"),
        ("portugues", "pt"),
        ("Brazilian Portuguese", "pt"),
        ("zh_Hans", "zh"),
    ],
)
def test_a_language_may_be_typed_by_any_name(person: Person, typed: str, code: str) -> None:
    person.answer_text(person.write(f"/lang {typed}"))
    assert hears_in(person, code)


def test_near_misses_are_offered(person: Person) -> None:
    answer = person.answer(person.write("/lang portugese"))
    assert "Did you mean" in answer["text"]
    assert labels(answer)[0] == "Português"
    person.press(answer["message_id"], "lang:pt")
    assert hears_in(person, "pt")


def test_what_is_no_language_gets_the_whole_offer(person: Person) -> None:
    answer = person.answer(person.write("/lang xyzzyx"))
    assert "“xyzzyx”" in answer["text"]
    assert len(labels(answer)) > len(CATALOGS)


def test_languages_that_the_model_cannot_write_are_offered_as_interface_only(person: Person) -> None:
    text = person.answer_text(person.write("/lang"))
    only = text.partition("Interface only")[2]
    assert "हिन्दी" in only
    assert "Deutsch" not in only


def test_a_language_that_the_model_cannot_write_is_taken_and_that_is_said(person: Person) -> None:
    text = person.answer_text(person.write("/lang hindi"))
    assert text == chosen(translator_for("hi"), WRITTEN)
    assert text != chosen(translator_for("hi"), {"hi"})


def test_a_language_without_catalog_is_for_captions_only(person: Person) -> None:
    offer = person.answer(person.write("/lang"))
    assert labels(offer)[-1] == "More languages"
    person.press(offer["message_id"], "lang:more")
    more = becomes(person, offer)
    assert labels(more) == ["Polski"]
    person.press(offer["message_id"], "lang:pl")
    chosen = becomes(person, more)
    assert chosen["text"].startswith("From now on captions and answers are in Polski")
    assert labels(chosen)[0] == "Polski"


def test_a_language_that_nobody_here_speaks_is_declined(person: Person) -> None:
    answer = person.answer(person.write("/lang zulu"))
    assert answer["text"].startswith("I do not speak IsiZulu yet")
    assert "English" in labels(answer)
    assert hears_in(person, "en")


def test_a_chat_begins_with_its_persons_language(speaking: Stack) -> None:
    assert hears_in(Person(speaking, language="pt-br"), "pt")


def test_a_groups_language_is_its_admins_matter(speaking: Stack) -> None:
    creator, member = speaking.group(2)
    creator.answer_text(creator.write("/help"))
    offer = member.answer(member.write("/lang"))
    assert member.press(offer["message_id"], "lang:de")["show_alert"]
    assert "admins" in member.answer_text(member.write("/lang deutsch"))
    assert creator.answer_text(creator.write("/lang deutsch")) == chosen(translator_for("de"), WRITTEN)


def test_without_a_worker_nothing_is_claimed_about_captions(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    assert "Interface only" not in person.answer_text(person.write("/lang"))
    assert person.answer_text(person.write("/lang hindi")) == chosen(translator_for("hi"), None)


def test_pressing_twice_is_pressing_once(person: Person) -> None:
    offer = person.answer(person.write("/lang"))
    for _ in range(2):
        person.press(offer["message_id"], "lang:de")
    assert hears_in(person, "de")
    assert len(person.replies(offer["reply_to_message"]["message_id"])) == 1
