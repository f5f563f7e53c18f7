"""/start, /help, the menus of commands, and mistyped commands."""

import pytest
from redis import Redis
from support.bot_stack import Json, Person, Stack, wait_until
from support.find_pictures import again

from bot.i18n.translator import CATALOGS, translator_for
from bot.replies.start import ADMIN, COMMANDS, GROUP, PRIVATE, commands


def samples(person: Person) -> list[Json]:
    return [message for message in person.messages() if message["from"]["is_bot"] and "photo" in message]


def menu(stack: Stack, **who: object) -> dict[str, str]:
    menu = wait_until(lambda: stack.call("GET", "state", params=who)["commands"])
    return {entry["command"]: entry["description"] for entry in menu}


def test_the_first_hello_brings_a_picture_that_is_captioned_at_a_press(person: Person) -> None:
    person.write("/start")
    [sample] = wait_until(lambda: samples(person))
    [[button]] = sample["reply_markup"]["inline_keyboard"]
    assert button["text"] == "Try it with this picture"
    person.press(sample["message_id"], button["callback_data"])
    assert person.answer_text(sample["message_id"]).startswith("AI caption: a ")


def test_that_button_forged_below_a_text_is_answered_as_an_old_one(stack: Stack, person: Person) -> None:
    person.answer_text(person.write("/help"))
    bearer = [message for message in person.messages() if message["from"]["is_bot"]][-1]
    sender, before = person.messages()[0]["from"], person.bot_texts()
    press = {"id": "77", "from": sender, "data": "try", "chat_instance": "1", "message": bearer}
    with Redis.from_url(stack.server.url) as redis:
        again(redis, callback_query=press)
    person.answer_text(person.write("/fnid"))  # what the press brings has come by now
    assert person.bot_texts()[: len(before)] == before
    assert len(person.bot_texts()) == len(before) + 1


def test_a_question_about_the_sample_is_answered(person: Person) -> None:
    person.write("/start")
    [sample] = wait_until(lambda: samples(person))
    person.press(sample["message_id"], "try")
    person.answer_text(sample["message_id"])
    assert "asked of a " in person.answer_text(person.write("What is it?", reply_to=sample["message_id"]))


def test_the_sample_comes_once(person: Person) -> None:
    person.answer_text(person.write("/start"))
    wait_until(lambda: samples(person))
    person.answer_text(person.write("/start"))
    person.answer_text(person.write("/help"))  # whatever the second /start sends has come by now
    assert len(samples(person)) == 1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/fnd", "/find"), ("/Langs", "/lang"), ("/forgot", "/forget"), ("/expotr", "/export")],
)
def test_a_mistyped_command_gets_the_nearest_one(person: Person, typed: str, meant: str) -> None:
    text = person.answer_text(person.write(f"{typed} red bicycle"))
    assert text == f"I do not know that command. Did you mean {meant}?"


def test_a_command_like_no_other_is_pointed_to_help(person: Person) -> None:
    assert person.answer_text(person.write("/xyzzy")) == "I do not know that command. What I can do: /help"


def test_the_button_over_inline_results_tells_how_to_find(person: Person) -> None:
    assert person.answer_text(person.write("/start find")).startswith("After /find, write what to look for")


def test_help_is_short(person: Person) -> None:
    assert len(person.answer_text(person.write("/help")).splitlines()) <= 16


def test_help_in_a_group_is_about_groups(stack: Stack) -> None:
    [somebody] = stack.group(1)
    assert somebody.answer_text(somebody.write("/help")).startswith("In groups I am silent until")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_menus_is_known(person: Person, command: str) -> None:
    assert "I do not know that command" not in person.answer_text(person.write(f"/{command}"))


@pytest.mark.parametrize("code", CATALOGS)
def test_the_menu_speaks_the_persons_language(stack: Stack, code: str) -> None:
    person = Person(stack, language=code)
    assert menu(stack, chat=person.chat, language=code) == dict(commands(translator_for(code), PRIVATE))


def test_members_and_admins_of_a_group_see_what_is_theirs(stack: Stack) -> None:
    creator, member = stack.group(2)
    assert menu(stack, **creator.who) == dict(commands(translator_for(""), ADMIN))
    assert menu(stack, **member.who) == dict(commands(translator_for(""), GROUP))


def test_a_bot_that_starts_again_tells_telegram_only_what_is_new(own_stack: Stack) -> None:
    def calls() -> int:
        responses = [own_stack.call("GET", "calls", params={"method": f"setMy{field}"}) for field in WHAT]
        return sum(map(len, responses))

    own_stack.start_sandbox()
    own_stack.start_bot()
    with Redis.from_url(own_stack.server.url) as redis:  # told, and noted that it is told
        wait_until(lambda: redis.hlen("menus") == 5 * len(CATALOGS))
    own_stack.kill("bot")
    own_stack.start_bot()
    person = own_stack.person()
    person.answer_text(person.write("/help"))
    assert calls() == 5 * len(CATALOGS)


WHAT = ("Commands", "Description", "ShortDescription")
