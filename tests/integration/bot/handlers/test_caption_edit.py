"""/edit: the owner's caption replaces the model's, and is the one that is searched."""

from collections.abc import AsyncIterator

import pytest
from support.bot_stack import Json, Person, Stack, buttons, picture, until, wait_until

from vlm import keys
from vlm.memory import Memory, Photo
from vlm.queue.client import Client
from vlm.queue.connection import connect


@pytest.fixture
async def memory(stack: Stack) -> AsyncIterator[Memory]:
    async with connect(stack.server.url) as redis:
        yield Memory(redis)


async def photo_in(memory: Memory, person: Person, message: int) -> Photo:
    photo = await memory.get(person.chat, str(message))
    assert photo
    return photo


async def test_a_correction_takes_the_captions_place_and_is_searched(person: Person, memory: Memory) -> None:
    message = person.send(picture("red"))
    caption = person.answer(message)
    command = person.write("/edit our cat in the garden", reply_to=caption["message_id"])
    assert "From now on" in person.answer_text(command)
    [shown] = person.replies(message)
    assert shown["message_id"] == caption["message_id"]
    assert shown["text"].startswith("Your caption: our cat in the garden")
    assert (await photo_in(memory, person, message)).text == "our cat in the garden"


def test_a_correction_is_found_by_its_own_words_in_any_language(stack: Stack) -> None:
    person = stack.person()
    person.who["language"] = "de"
    message = person.send(picture("red"))
    wait_until(lambda: [candidate for candidate in person.replies(message) if "picture" in candidate["text"]])
    done = person.write("/edit unser Zebra im Garten", reply_to=message)
    wait_until(lambda: person.replies(done))
    search = person.write("/find Zebra")

    def shown() -> list[Json]:
        return [message for message in person.messages() if message["from"]["is_bot"] and "photo" in message]

    [photo] = wait_until(shown)
    assert photo["reply_to_message"]["message_id"] == search
    assert "unser Zebra im Garten" in photo["caption"]


async def test_it_works_in_reply_to_the_photo_itself_and_again(person: Person, memory: Memory) -> None:
    message = person.send(picture("red"))
    person.answer_text(message)
    for words in ("a fox", "a red fox"):
        person.answer_text(person.write(f"/edit {words}", reply_to=message))
    [shown] = person.replies(message)
    assert shown["text"].startswith("Your caption: a red fox")
    assert (await photo_in(memory, person, message)).correction == "a red fox"


async def test_without_words_it_asks_for_them_and_the_reply_is_the_correction(
    person: Person, memory: Memory
) -> None:
    message = person.send(picture("red"))
    person.answer_text(message)
    prompt = person.answer(person.write("/edit", reply_to=message))
    assert prompt["text"].startswith("What should the caption be?")
    assert person.calls("sendMessage")[-1]["args"]["reply_markup"]
    words = person.write("is it a fox?", reply_to=prompt["message_id"])
    assert "From now on" in person.answer_text(words)
    assert (await photo_in(memory, person, message)).correction == "is it a fox?"


async def test_the_button_below_the_caption_asks_for_them_too(person: Person, memory: Memory) -> None:
    message = person.send(picture("red"))
    caption = person.answer(message)
    person.push(caption, "Correct it")
    prompt = person.answer(caption["message_id"], "What should the caption be")
    person.answer_text(person.write("a fox", reply_to=prompt["message_id"]), "From now on")
    [shown] = person.replies(message)
    assert shown["text"].startswith("Your caption: a fox")
    assert list(buttons(shown))[-2:] == ["Correct it", "Delete"]
    assert "More detail" not in buttons(shown), "a model has nothing to add to its owner's words"


async def test_a_caption_that_comes_late_does_not_undo_a_correction(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    message = person.send(picture("red"))
    wait_until(lambda: person.replies(message))
    person.answer_text(person.write("/edit a fox", reply_to=message), "From now on")
    own_stack.start_worker()
    async with connect(own_stack.server.url) as redis:
        await until(lambda: _described(Memory(redis), person.chat, message))
        await until(lambda: _idle(Client(redis)))
    [shown] = person.replies(message)
    assert shown["text"].startswith("Your caption: a fox")


async def _described(memory: Memory, chat: int, message: int) -> bool:
    photo = await memory.get(chat, str(message))
    return bool(photo and photo.caption)


async def _idle(client: Client) -> bool:
    return not await client._redis.xlen(keys.results_key())


def test_what_follows_a_correction_is_about_that_photo(person: Person) -> None:
    message = person.send(picture("red"))
    person.answer_text(message)
    thanks = person.answer(person.write("/edit a fox", reply_to=message))
    person.answer_text(person.send(picture("blue")))
    question = person.write("What is it?", reply_to=thanks["message_id"])
    assert "asked of a red picture" in person.answer_text(question)


def test_alone_it_explains_itself(person: Person) -> None:
    assert "Reply to a photo" in person.answer_text(person.write("/edit"))
    assert "Reply to a photo" in person.answer_text(person.write("/edit a fox"))


async def test_a_caption_that_is_too_long_is_refused_and_nothing_changes(
    person: Person, memory: Memory
) -> None:
    message = person.send(picture("red"))
    person.answer_text(message)
    assert "1,000. Please make it shorter" in person.answer_text(person.write(f"/edit {'x' * 1001}", message))
    assert not (await photo_in(memory, person, message)).correction


def test_a_message_about_no_photo_cannot_be_corrected(person: Person) -> None:
    help = person.answer(person.write("/help"))
    answer = person.answer_text(person.write("/edit a fox", reply_to=help["message_id"]))
    assert answer == "I keep nothing about that message."


async def test_in_a_group_only_the_sender_and_admins_correct(stack: Stack, memory: Memory) -> None:
    admin, sender, other = stack.group(3)
    admin.write("hello")
    message = sender.send(picture("red"), caption="@" + bot_name(stack))
    sender.answer_text(message)
    refused = other.answer_text(other.write("/edit a dog", reply_to=message))
    assert refused == "Only the person who sent this photo, or an administrator, can correct its caption."
    assert "From now on" in sender.answer_text(sender.write("/edit a fox", reply_to=message))
    assert "From now on" in admin.answer_text(admin.write("/edit a red fox", reply_to=message))
    assert (await photo_in(memory, sender, message)).correction == "a red fox"


async def test_in_a_group_the_button_opens_the_reply_for_who_pressed_it_alone(
    stack: Stack, memory: Memory
) -> None:
    admin, sender = stack.group(2)
    admin.who["name"] = "Ève 🦊"
    admin.write("hello")
    message = sender.send(picture("red"), caption="@" + bot_name(stack))
    caption = sender.answer(message)
    admin.push(caption, "Correct it")
    prompt = admin.answer(caption["message_id"], "what should the caption be")
    assert prompt["text"].startswith("Ève 🦊, what should the caption be?")
    assert admin.who["user"] in prompt["_prompt"]["for"]
    assert sender.who["user"] not in prompt["_prompt"]["for"]
    done = admin.write("a fox", reply_to=prompt["message_id"])
    assert "From now on" in admin.answer_text(done)
    assert (await photo_in(memory, sender, message)).correction == "a fox"


def test_in_a_group_the_command_opens_the_reply_for_who_gave_it_alone(stack: Stack) -> None:
    admin, sender = stack.group(2)
    admin.write("hello")
    message = sender.send(picture("red"), caption="@" + bot_name(stack))
    sender.answer(message)
    prompt = admin.answer(admin.write("/edit", reply_to=message))
    assert prompt["_prompt"]["for"] == [admin.who["user"]]


def bot_name(stack: Stack) -> str:
    return str(stack.call("GET", "state")["bot"]["username"])
