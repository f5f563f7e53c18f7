"""Groups: addressing, administrators, and migration to a supergroup."""

from functools import partial

import pytest
from redis import Redis
from support.bot_stack import Person, Stack, picture, wait_until

NAME = "afterimage_bot"


@pytest.fixture
def group(stack: Stack) -> list[Person]:
    """Three people; the first is the group's creator."""
    return stack.group(3)


def keys_of(stack: Stack, chat: int) -> set[str]:
    with Redis.from_url(stack.server.url) as redis:
        return {key.decode() for key in redis.keys(f"*{chat}*")}


def test_what_is_not_for_the_bot_leaves_no_answer_and_no_trace(stack: Stack, group: list[Person]) -> None:
    ann, bob, _ = group
    photo = ann.send(picture("red"))
    ann.write("What is it?")
    bob.write("/help@other_bot")
    bob.write("/weather")
    bob.write("Ask @somebody_else", reply_to=photo)
    bob.send_content(voice={"file_id": "x", "file_unique_id": "y", "duration": 1})
    end = ann.write("/help")
    ann.answer_text(end)
    assert len(ann.bot_texts()) == 1
    assert {key for key in keys_of(stack, ann.chat) if key.startswith("photo")} == set()


def test_a_command_is_for_the_bot_alone_or_with_its_name(group: list[Person]) -> None:
    assert group[0].answer_text(group[0].write(f"/help@{NAME}"))
    assert group[1].answer_text(group[1].write("/help"))
    assert "I do not know that command" in group[2].answer_text(group[2].write(f"/fnid@{NAME} bicycle"))


@pytest.mark.parametrize("mention", [f"@{NAME}", f"@{NAME.upper()}"])
def test_a_photo_with_a_mention_is_described(group: list[Person], mention: str) -> None:
    photo = group[0].send(picture("red"), caption=mention)
    assert "a red picture" in group[0].answer_text(photo, "AI caption")


def test_a_mention_in_reply_to_somebodys_photo_describes_it(group: list[Person]) -> None:
    ann, bob, _ = group
    photo = ann.send(picture("green"))
    assert "a green picture" in bob.answer_text(bob.write(f"@{NAME}", reply_to=photo), "AI caption")


def test_a_question_with_a_mention_in_reply_to_somebodys_photo_is_answered(group: list[Person]) -> None:
    ann, bob, _ = group
    photo = ann.send(picture("green"))
    bob.write(f"@{NAME}, what is it?", reply_to=photo)
    wait_until(lambda: any("what is it? (asked of a green picture" in text for text in ann.bot_texts()))


def test_a_mention_alone_is_told_what_it_is_for(group: list[Person]) -> None:
    assert "I stay silent until you mention me" in group[0].answer_text(group[0].write(f"@{NAME}"))


def test_a_reply_to_the_bot_needs_no_mention(group: list[Person]) -> None:
    ann, bob, _ = group
    photo = ann.send(picture("red"), caption=f"@{NAME}")
    caption = ann.answer(photo, "AI caption")
    bob.write("What is it?", reply_to=caption["message_id"])
    wait_until(lambda: any("asked of a red picture" in text for text in bob.bot_texts()))


def test_only_admins_have_every_photo_described(group: list[Person]) -> None:
    creator, admin, member = group
    creator.write("Hello")
    assert "Only the admins" in member.answer_text(member.write("/auto on"))
    assert "when you mention me" in member.answer_text(member.write("/auto"))
    creator.act("promote", user=admin.who["user"], admin=True)
    assert "every photo" in creator.answer_text(creator.write("/auto on"))
    assert "a red picture" in member.answer_text(member.send(picture("red")), "AI caption")
    assert "when you mention me" in creator.answer_text(creator.write(f"/auto@{NAME} off"))
    silent = member.send(picture("blue"))
    creator.answer_text(creator.write("/help"))
    assert member.replies(silent) == []


def test_an_admin_of_the_group_may_be_another_than_its_creator(stack: Stack) -> None:
    creator, admin = stack.group(2)
    creator.write("Hello")
    creator.act("promote", user=admin.who["user"], admin=True)
    assert "every photo" in admin.answer_text(admin.write("/auto on"))


def test_an_anonymous_admin_counts_as_one(stack: Stack) -> None:
    (creator,) = stack.group(1, supergroup=True)
    hidden = Person(stack, creator.chat, user=1087968824, name="Group")
    creator.write("Hello")
    as_group = hidden.send_content(
        text="/auto on",
        entities=[{"type": "bot_command", "offset": 0, "length": 5}],
        sender_chat={"id": creator.chat, "type": "supergroup", "title": "Group"},
    )
    assert "every photo" in hidden.answer_text(as_group)


def test_a_bare_question_in_private_does_not_see_the_groups_photos(stack: Stack, group: list[Person]) -> None:
    ann = group[0]
    ann.answer(ann.send(picture("red"), caption=f"@{NAME}"), "AI caption")
    alone = Person(stack, ann.who["user"])
    assert "Send me a photo first" in alone.answer_text(alone.write("What is it?"))


def test_who_adds_the_bot_is_told_once_what_it_does(group: list[Person]) -> None:
    ann = group[0]
    ann.act("block")
    ann.act("unblock")
    wait_until(lambda: any(f"Write @{NAME} under a photo" in text for text in ann.bot_texts()))
    ann.answer_text(ann.write("/auto"))
    assert len([text for text in ann.bot_texts() if text.startswith("Hello")]) == 1


def test_a_bot_that_was_removed_says_nothing_and_comes_back_with_its_memory(
    stack: Stack, group: list[Person]
) -> None:
    ann = group[0]
    photo = ann.send(picture("red"), caption=f"@{NAME}")
    ann.answer(photo, "AI caption")
    ann.act("block")
    ann.act("unblock")
    ann.write(f"@{NAME} What is it?", reply_to=photo)
    wait_until(lambda: any("asked of a red picture" in text for text in ann.bot_texts()))


def test_an_answer_stays_in_its_topic_and_a_question_there_is_no_reply(stack: Stack) -> None:
    (first,) = stack.group(1, supergroup=True)
    cats = Person(stack, first.chat, user=first.who["user"], topic="Cats")
    photo = cats.send(picture("red"), caption=f"@{NAME}")
    caption = cats.answer(photo, "AI caption")
    assert caption["message_thread_id"] == cats.answer(cats.write("/help"))["message_thread_id"]
    cats.write(f"@{NAME} What is it?")
    wait_until(lambda: any("asked of a red picture" in text for text in cats.bot_texts()))
    topics = {message.get("message_thread_id") for message in cats.messages() if message["from"]["is_bot"]}
    assert topics == {caption["message_thread_id"]}


def test_a_bare_question_in_a_topic_is_about_the_latest_photo_there(stack: Stack) -> None:
    first, second = stack.group(2, supergroup=True)
    cats, dogs = (
        Person(stack, first.chat, user=first.who["user"], topic=topic) for topic in ("Cats", "Dogs")
    )
    others = Person(stack, first.chat, user=second.who["user"], topic="Cats")
    for person, colour in ((cats, "red"), (others, "green"), (dogs, "blue"), (first, "black")):
        person.answer(person.send(picture(colour), caption=f"@{NAME}"), "AI caption")
    for person, colour in ((cats, "red"), (others, "green"), (dogs, "blue"), (first, "black")):
        assert f"asked of a {colour} picture" in person.answer_text(person.write(f"@{NAME} What is it?"))
    nowhere = Person(stack, first.chat, user=second.who["user"], topic="Dogs")
    assert "Send me a photo first" in nowhere.answer_text(nowhere.write("/ask What is it?"))


def test_a_group_that_becomes_a_supergroup_takes_its_memory_along(stack: Stack, group: list[Person]) -> None:
    ann, old = group[0], group[0].chat
    ann.answer_text(ann.write("/auto on"))
    ann.answer(ann.send(picture("red")), "AI caption")
    new = Person(stack, ann.act("migrate")["chat"], user=ann.who["user"])
    wait_until(partial(photos_of, stack, new.chat))
    new.write(f"@{NAME} What is it?")
    wait_until(lambda: any("asked of a red picture" in text for text in new.bot_texts()))
    assert "a blue picture" in new.answer_text(new.send(picture("blue")), "AI caption")  # /auto came along
    wait_until(lambda: not photos_of(stack, old))


def photos_of(stack: Stack, chat: int) -> int:
    with Redis.from_url(stack.server.url) as redis:
        return int(redis.zcard(f"photos:{{{chat}}}"))


def test_an_answer_on_its_way_while_the_group_moves_comes_to_the_supergroup(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    (ann,) = own_stack.group(1)
    photo = ann.send(picture("red"), caption=f"@{NAME}")
    wait_until(lambda: ann.replies(photo))
    new = Person(own_stack, ann.act("migrate")["chat"], user=ann.who["user"])
    own_stack.start_worker()
    wait_until(lambda: any("a red picture" in text for text in new.bot_texts()))
    caption = next(message for message in new.messages() if "a red picture" in message.get("text", ""))
    new.write("What is it?", reply_to=caption["message_id"])
    wait_until(lambda: any("asked of a red picture" in text for text in new.bot_texts()))
    assert len([text for text in new.bot_texts() if "a red picture" in text and "caption" in text]) == 1


def test_a_mention_under_an_album_is_for_all_of_its_pictures(stack: Stack, group: list[Person]) -> None:
    ann = group[0]
    files = [("file", (f"{colour}.png", picture(colour))) for colour in ("red", "blue")]
    fields = {key: str(value) for key, value in ann.who.items()} | {"caption": f"@{NAME}"}
    stack.call("POST", "send", data=fields, files=files)
    wait_until(lambda: any("a red" in text and "a blue" in text for text in ann.bot_texts()))


def test_a_bare_question_is_about_the_latest_photo_of_who_asks(group: list[Person]) -> None:
    ann, bob, _ = group
    ann.answer(ann.send(picture("red"), caption=f"@{NAME}"), "AI caption")
    bob.answer(bob.send(picture("blue"), caption=f"@{NAME}"), "AI caption")
    ann.write(f"@{NAME} What is it?")
    wait_until(lambda: any("asked of a red picture" in text for text in ann.bot_texts()))
