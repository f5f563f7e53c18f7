"""Telegram fails, processes die, memories expire: each message is still answered, once."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import msgspec
import pytest
from redis import Redis
from support.bot_stack import ANSWER_S, LEASE_S, Person, Stack, picture, wait_until

from vlm.protocol import UPGRADE_S, VERSION

MESSAGES = 150  # two thirds of them photos
CHATS = 12


@pytest.fixture
def redis_of() -> Iterator[Callable[[Stack], Redis]]:
    """A connection to a stack's server, to look behind the curtain."""
    with ExitStack() as connections:
        yield lambda stack: connections.enter_context(Redis.from_url(stack.server.url))


@pytest.mark.promise("reliability#chat-slowed-down")
def test_a_chat_that_telegram_slows_down_waits_alone(own_stack: Stack) -> None:
    own_stack.start_all()
    slowed, other = own_stack.person(), own_stack.person()
    slowed.inject_fault(method="editMessageText", status=429, retry_after=3600, times=1)
    slowed.send(picture("red"))
    wait_until(lambda: slowed.calls("editMessageText"))
    assert "a blue picture" in other.answer_text(other.send(picture("blue")))
    assert len(slowed.calls("editMessageText")) == 1


def test_a_slow_down_before_the_placeholder_costs_no_answer(person: Person) -> None:
    person.inject_fault(method="sendMessage", status=429, retry_after=1, times=2)
    photo = person.send(picture("red"))
    assert "a red picture" in person.answer_text(photo)
    assert len(person.replies(photo)) == 1


@pytest.mark.promise("reliability#telegram-errors")
@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("editMessageText", {"status": 502}),
        ("editMessageText", {"status": 429, "retry_after": 1}),
        ("editMessageText", {"cut": "after"}),
        ("getFile", {"cut": "before"}),
        ("getFile", {"status": 401}),
        ("file", {"cut": "after"}),
        ("sendChatAction", {"status": 502}),
    ],
)
def test_telegrams_bad_moments_cost_no_answer(
    stack: Stack, person: Person, method: str, fault: dict[str, object]
) -> None:
    stack.inject_fault(method=method, times=2, **fault)
    photo = person.send(picture("red"))
    assert "a red picture" in person.answer_text(photo)
    assert len(person.replies(photo)) == 1
    assert stack.injected_faults()[-1]["hits"] >= 1


def test_a_placeholder_that_may_have_been_sent_is_not_sent_again(person: Person) -> None:
    person.inject_fault(method="sendMessage", cut="after", times=1)
    photo = person.send(picture("red"))
    assert "a red picture" in person.answer_text(photo, "AI caption")
    texts = [reply["text"] for reply in person.replies(photo)]
    assert texts == ["Looking at your photo …", "AI caption: a red picture of 64 by 48"]


def test_a_placeholder_that_was_deleted_is_replaced(stack: Stack, person: Person) -> None:
    person.inject_fault(
        method="editMessageText", status=400, description="Bad Request: message to edit not found"
    )
    photo = person.send(picture("red"))
    caption = person.answer(photo, "AI caption")
    question = person.write("What is it?", reply_to=caption["message_id"])
    assert "asked of a red picture" in person.answer_text(question, "AI answer")


@pytest.mark.promise("reliability#bot-blocked")
def test_a_chat_that_blocked_the_bot_is_left_alone(
    stack: Stack, person: Person, redis_of: Callable[[Stack], Redis]
) -> None:
    person.inject_fault(status=403, description="Forbidden: bot was blocked by the user")
    person.send(picture("red"))
    wait_until(lambda: "blocked by the user" in stack.log("bot"))
    wait_until(lambda: redis_of(stack).xlen("{afterimage}:updates") == 0)
    other = stack.person()
    assert "a blue picture" in other.answer_text(other.send(picture("blue")))


@pytest.mark.promise("reliability#photo-gone")
def test_a_photo_that_telegram_no_longer_has_is_asked_for_again(stack: Stack, person: Person) -> None:
    stack.inject_fault(method="getFile", status=400, description="Bad Request: wrong file_id", times=1)
    assert "send it again" in person.answer_text(person.send(picture("red")))


def test_a_photo_whose_tokens_expired_is_looked_at_again(stack: Stack, person: Person) -> None:
    photo = person.send(picture("red"))
    person.answer_text(photo)
    with Redis.from_url(stack.server.url) as redis:
        assert redis.delete(f"tokens:{{{person.chat}}}:{photo}") == 1
        assert "asked of a red picture" in person.answer_text(person.write("What is it?", reply_to=photo))
        assert redis.exists(f"tokens:{{{person.chat}}}:{photo}")


def test_tokens_that_expire_on_the_way_are_made_again(own_stack: Stack) -> None:
    own_stack.start_all()
    person = own_stack.person()
    photo = person.send(picture("red"))
    person.answer_text(photo)
    own_stack.stop("worker")
    question = person.write("What is it?", reply_to=photo)
    wait_until(lambda: person.replies(question))
    with Redis.from_url(own_stack.server.url) as redis:
        assert redis.delete(f"tokens:{{{person.chat}}}:{photo}") == 1
    own_stack.start_worker()
    assert "asked of a red picture" in person.answer_text(question)
    assert len(person.replies(question)) == 1


def test_a_picture_that_expires_on_its_way_to_a_caption_is_fetched_again(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    photo = person.send(picture("red"))
    with Redis.from_url(own_stack.server.url) as redis:
        blob = f"blob:{{{person.chat}}}:{person.chat}-{photo}"
        wait_until(lambda: redis.xlen("{afterimage}:jobs:interactive"))
        assert redis.delete(blob) == 1
    own_stack.start_worker()
    assert "a red picture" in person.answer_text(photo, "AI caption")
    assert len(person.replies(photo)) == 1


def test_any_past_photo_can_be_asked_about_after_everything_was_restarted(own_stack: Stack) -> None:
    own_stack.start_all()
    person = own_stack.person()
    first = person.send(picture("red"))
    person.answer_text(first)
    person.answer_text(person.send(picture("blue")))
    for name in ("bot", "worker", "sandbox"):
        own_stack.stop(name)
    own_stack.restart_server()
    own_stack.start_all()
    assert "asked of a red picture" in person.answer_text(person.write("What is it?", reply_to=first))
    assert "asked of a blue picture" in person.answer_text(person.write("And this?"))


@pytest.mark.promise("reliability#redis-crash")
def test_a_server_that_restarts_under_a_handler_costs_no_answer(own_stack: Stack) -> None:
    own_stack.start_all()
    own_stack.inject_fault(method="getFile", delay_s=1, times=1)
    person = own_stack.person()
    photo = person.send(picture("red"))
    wait_until(lambda: person.replies(photo))
    own_stack.server.stop()
    own_stack.log_line("bot", "(redis unavailable)")
    own_stack.restart_server()
    assert "a red picture" in person.answer_text(photo)
    assert len(person.replies(photo)) == 1


@pytest.mark.promise("reliability#one-outcome")
def test_a_bot_killed_in_its_handlers_loses_nothing_and_answers_each_once(
    own_stack: Stack, redis_of: Callable[[Stack], Redis]
) -> None:
    """Exactly once: what a placeholder stands for. A plain reply, such as /help's, comes at least once."""
    redis = redis_of(own_stack)
    own_stack.start_all()
    own_stack.inject_fault(method="getFile", delay_s=0.1)  # so that there are always some in a handler
    people = [own_stack.person() for _ in range(CHATS)]
    sent: list[tuple[int, int]] = []
    in_hand = 0
    people[0].answer_text(people[0].write("/start"))  # it is up
    for number in range(MESSAGES):
        person = people[number % CHATS]
        message = person.send(picture("red")) if number % 3 else person.write(f"/help {number}")
        sent.append((person.chat, message))
        if number % (MESSAGES // 2) == MESSAGES // 2 - 1:  # twice: the third time, an update is given up
            own_stack.kill("bot")
            in_hand += redis.xpending("{afterimage}:updates", "bot")["pending"]
            own_stack.start_bot()
            own_stack.log_line("bot", "(Ready)")
    assert in_hand > 0

    def all_answered(person: Person) -> bool:
        return {entry for entry in sent if entry[0] == person.chat} <= answers([person]).keys()

    for person in people:  # one by one: asking for all chats at once keeps the sandbox from its work
        wait_until(partial(all_answered, person), ANSWER_S + 10 * LEASE_S)
    wait_until(lambda: redis.xlen("{afterimage}:updates") + redis.xlen("{afterimage}:results") == 0)
    captions = [texts for texts in answers(people).values() if texts[0].startswith("AI caption")]
    assert len(captions) == MESSAGES * 2 // 3
    assert [texts for texts in captions if len(texts) != 1] == []


def answers(people: list[Person]) -> dict[tuple[int, int], list[str]]:
    """What the bot finally said, by chat and the message that it replied to."""
    texts_by_update: dict[tuple[int, int], list[str]] = {}
    for person in people:
        for message in person.messages():
            if message.get("text", "").startswith(("AI caption: a red picture", "Send a photo")):
                update = (person.chat, message["reply_to_message"]["message_id"])
                texts_by_update.setdefault(update, []).append(message["text"])
    return texts_by_update


@pytest.mark.promise("reliability#poison-update")
def test_an_update_that_keeps_killing_the_bot_is_given_up_with_an_apology(own_stack: Stack) -> None:
    """Delivered three times and never finished, as if its handler had ended the process each time."""
    own_stack.start_sandbox()
    person = own_stack.person()
    message = person.write("/help")
    update = {
        "update_id": 1,
        "message": {
            "message_id": message,
            "date": 1,
            "chat": {"id": person.chat, "type": "private"},
            "text": "/help",
        },
    }
    with Redis.from_url(own_stack.server.url) as redis:
        redis.xgroup_create("{afterimage}:updates", "bot", id="0", mkstream=True)
        entry = redis.xadd("{afterimage}:updates", {"update": json.dumps(update)})
        redis.xreadgroup("bot", "dead", {"{afterimage}:updates": ">"})
        redis.xclaim("{afterimage}:updates", "bot", "dead", 0, [entry], retrycount=3)
        redis.set("{afterimage}:offset", 2**40)  # the sandbox's own copy of the message is not wanted
    own_stack.start_bot()
    assert person.answer_text(message).startswith("Sorry")


@pytest.mark.promise("reliability#result-versions")
def test_a_result_of_an_older_version_gets_an_apology(
    stack: Stack, person: Person, redis_of: Callable[[Stack], Redis]
) -> None:
    message = person.write("/help")
    person.answer_text(message)
    older = {"version": 0, "job": "a", "chat": person.chat, "ticket": str(message), "outcome": "a new kind"}
    results = "{afterimage}:results"
    redis_of(stack).xadd(results, {"result": b"not even MessagePack"})
    redis_of(stack).xadd(results, {"result": msgspec.msgpack.encode(older)})
    assert person.answer_text(message, "Sorry").startswith("Sorry")
    wait_until(lambda: redis_of(stack).xlen(results) == 0)


@pytest.mark.promise("reliability#result-versions")
def test_a_result_of_a_newer_version_is_left_to_newer_bots_but_not_for_ever(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    waiting, person = own_stack.person(), own_stack.person()
    early, late = waiting.write("/help"), person.write("/help")
    assert waiting.answer_text(early) and person.answer_text(late)
    newer = {"version": VERSION + 1, "job": "a", "outcome": "a new kind"}
    with Redis.from_url(own_stack.server.url) as redis:
        long_ago_ms = int(1000 * (time.time() - UPGRADE_S)) - 1
        for who, message, id in ((waiting, early, f"{long_ago_ms}-0"), (person, late, "*")):
            result = msgspec.msgpack.encode(newer | {"chat": who.chat, "ticket": str(message)})
            redis.xadd("{afterimage}:results", {"result": result}, id=id)
        assert waiting.answer_text(early, "Sorry")

        def passed_on() -> bool:
            held = redis.xpending_range("{afterimage}:results", "delivery", "-", "+", 9)
            return [entry["times_delivered"] for entry in held] == [0]

        wait_until(passed_on)
    assert not any("Sorry" in reply["text"] for reply in person.replies(late))


@pytest.mark.promise("reliability#graceful-stop")
def test_a_bot_that_is_told_to_stop_finishes_what_it_has_begun(own_stack: Stack) -> None:
    own_stack.start_all()
    person = own_stack.person()
    person.inject_fault(method="getFile", delay_s=1)
    photo = person.send(picture("red"))
    wait_until(lambda: person.replies(photo))
    assert own_stack.stop("bot") == 0
    with Redis.from_url(own_stack.server.url) as redis:
        assert redis.xlen("{afterimage}:updates") == 0
    own_stack.start_bot()
    assert "a red picture" in person.answer_text(photo)


@pytest.mark.promise("reliability#several-bots")
def test_two_bots_share_the_work_and_one_of_them_polls(own_stack: Stack) -> None:
    own_stack.start_all()
    own_stack.start_bot("second")
    own_stack.log_line("second", "(Ready)")
    people = [own_stack.person() for _ in range(8)]
    photos = [person.send(picture("red")) for person in people]
    for person, photo in zip(people, photos, strict=True):
        assert "a red picture" in person.answer_text(photo)
        assert len(person.replies(photo)) == 1
    own_stack.inject_fault(method="getFile", delay_s=1, times=1)
    people[0].send(picture("blue"))  # in one bot's hands while the other gets the question
    assert "asked of a blue picture" in people[0].answer_text(people[0].write("What is it?"))
    assert "another program polls" not in own_stack.log("bot") + own_stack.log("second")
    own_stack.kill("bot")
    assert "a red picture" in people[0].answer_text(people[0].send(picture("red")))
