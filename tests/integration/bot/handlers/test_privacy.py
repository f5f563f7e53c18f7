"""/forget and /privacy: forgotten data is gone from every key of the server."""

import re
import signal
from collections.abc import AsyncIterator

import pytest
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from support.bot_stack import Json, Person, Stack, buttons, picture, until, wait_until
from telegram import Update

from bot import app
from bot.handlers.privacy import OPEN_S
from bot.settings import Settings
from bot.transport.journal import UPDATES
from bot.transport.rate_limiter import RateLimiter
from bot.transport.updates import ARRIVAL_US
from vlm import keys
from vlm.ops.metrics import Metrics
from vlm.queue.connection import connect

DAY_S = 24 * 3600


@pytest.fixture
async def server(stack: Stack) -> AsyncIterator[Redis]:
    async with connect(stack.server.url) as redis:
        yield redis


async def everything(redis: Redis) -> dict[str, str]:
    """All that a server holds, by key."""
    return {key.decode(): await _content(redis, key) async for key in redis.scan_iter(count=1000)}


async def _content(redis: Redis, key: bytes) -> str:
    match (await redis.type(key)).decode():
        case "string":
            return repr(await redis.get(key))
        case "hash":
            return repr(await redis.hgetall(key))
        case "set":
            return repr(await redis.smembers(key))
        case "zset":
            return repr(await redis.zrange(key, 0, -1, withscores=True))
        case "list":
            return repr(await redis.lrange(key, 0, -1))
        case "stream":
            return repr(await redis.xrange(key))
        case "none":  # it has expired since
            return ""
        case kind:
            raise AssertionError(f"{key!r} is a {kind}")


def choose(person: Person, question: Json, which: int) -> Json:
    """Press the first or second button below a question."""
    [button] = question["reply_markup"]["inline_keyboard"][which]
    return person.press(question["message_id"], button["callback_data"])


def message_at(person: Person, id: int) -> Json | None:
    return next((message for message in person.messages() if message["message_id"] == id), None)


def becomes(person: Person, id: int, words: str) -> None:
    wait_until(lambda: words in (message_at(person, id) or {}).get("text", ""))


async def test_a_photo_is_forgotten_in_reply_to_it_with_its_caption(person: Person, server: Redis) -> None:
    message = person.send(picture("red"))
    caption = person.answer(message)
    assert await server.exists(f"photo:{{{person.chat}}}:{message}")
    assert "I have forgotten this photo" in person.answer_text(person.write("/forget", reply_to=message))
    assert not [key for key in await everything(server) if key.endswith(f"{{{person.chat}}}:{message}")]
    assert message_at(person, message), "what people sent stays theirs"
    assert message_at(person, caption["message_id"]) is None
    assert "Send me a photo first" in person.answer_text(person.write("What is it?"))


def test_it_works_in_reply_to_the_caption_and_leaves_other_photos(person: Person) -> None:
    person.answer_text(person.send(picture("blue")))
    caption = person.answer(person.send(picture("red")))
    person.answer_text(person.write("/forget", reply_to=caption["message_id"]), "have forgotten")
    assert "asked of a blue picture" in person.answer_text(person.write("What is it?"))


def test_a_caption_that_telegram_keeps_says_that_its_photo_is_forgotten(person: Person) -> None:
    message = person.send(picture("red"))
    person.answer_text(message)
    person.inject_fault(
        method="deleteMessage", status=400, description="Bad Request: message can't be deleted"
    )
    person.answer_text(person.write("/forget", reply_to=message), "have forgotten")
    assert person.replies(message)[0]["text"] == "This photo was forgotten."


def test_what_is_not_known_cannot_be_forgotten(person: Person) -> None:
    help = person.answer(person.write("/help"))
    answer = person.answer_text(person.write("/forget", reply_to=help["message_id"]))
    assert answer == "I keep nothing about that message."


def test_alone_it_explains_both_ways(person: Person) -> None:
    answer = person.answer_text(person.write("/forget"))
    assert "Reply to a photo" in answer
    assert "/forget all" in answer


async def test_in_a_group_only_the_sender_and_admins_forget_a_photo(stack: Stack) -> None:
    admin, sender, other = stack.group(3)
    admin.write("hello")
    message = sender.send(picture("red"), caption="@" + bot_name(stack))
    sender.answer_text(message)
    assert other.answer_text(other.write("/forget", reply_to=message)).startswith(
        "Only the person who sent this photo"
    )
    assert "have forgotten" in sender.answer_text(sender.write("/forget", reply_to=message))


async def test_all_is_gone_from_every_key_jobs_that_wait_included(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_worker()
    own_stack.start_bot()
    person, neighbour = own_stack.person(), own_stack.person()
    kept = neighbour.send(picture("green"), caption="a neighbours note")
    neighbour.answer_text(kept)
    message = person.send(picture("red"), caption="Mimis birthday", name="picture.png")
    person.answer_text(message)
    person.answer_text(person.write("Is it purplish?", reply_to=message))
    person.answer_text(person.write("/edit our crimson cat", reply_to=message))
    person.write("/edit", reply_to=message)
    own_stack.kill("worker")
    waiting = person.send(picture("blue"))
    person.write("Whatever is yellowish?", reply_to=waiting)
    async with connect(own_stack.server.url) as redis:
        await until(lambda: _queued(redis, 2))
        held = await everything(redis)
        secrets = {"purplish", "crimson", "yellowish", "red picture"}
        secrets |= set(re.findall(r"'file_id': b'([^']+)'", "".join(held.values())))
        assert all(any(secret in value for value in held.values()) for secret in secrets)
        question = person.answer(person.write("/forget all"))
        assert question["text"].startswith("I keep 2 photos from this chat.")
        choose(person, question, 0)
        becomes(person, question["message_id"], "I have forgotten everything")
        await until(lambda: _handled(redis))
        left = await everything(redis)
        remaining = {key: value for key, value in left.items() if f"{{{neighbour.chat}}}" not in key}
        kept_ids = await redis.hget(f"photo:{{{neighbour.chat}}}:{kept}", "file_id")
        secrets.discard(kept_ids.decode())
        assert not [
            (secret, key)
            for secret in {*secrets, "Mimis birthday"}
            for key, value in remaining.items()
            if secret in value
        ]
        about = {key for key, value in left.items() if str(person.chat) in key + value}
        # bare ids, so that what comes late brings nothing back; for a day
        assert all(re.match(r"forgotten:|\{afterimage\}:job:", key) for key in about), about
        assert all([0 < await redis.ttl(key) <= DAY_S for key in about])
        assert all(left[key] == "b'done'" for key in about if key.startswith("{afterimage}"))
    own_stack.start_worker()
    assert "asked of a green picture" in neighbour.answer_text(neighbour.write("What is it?"))
    assert "Send me a photo first" in person.answer_text(person.write("What is it?"))


async def _queued(redis: Redis, jobs: int) -> bool:
    return await redis.xlen(keys.JOB_STREAMS["interactive"]) == jobs


async def _handled(redis: Redis) -> bool:
    return not await redis.xlen(UPDATES)


def test_no_means_no(person: Person) -> None:
    message = person.send(picture("red"))
    person.answer_text(message)
    question = person.answer(person.write("/forget all"))
    choose(person, question, 1)
    becomes(person, question["message_id"], "Nothing was forgotten")
    assert "asked of a red picture" in person.answer_text(person.write("What is it?"))


def test_in_a_group_only_the_admin_who_asked_decides(stack: Stack) -> None:
    admin, other = stack.group(2)
    admin.write("hello")
    message = admin.send(picture("red"), caption="@" + bot_name(stack))
    admin.answer_text(message)
    assert other.answer_text(other.write("/forget all")).startswith("Only an administrator")
    question = admin.answer(admin.write("/forget all"))
    assert choose(other, question, 0)["text"] == "Only the person who asked for this can decide it."
    choose(admin, question, 0)
    becomes(admin, question["message_id"], "I have forgotten everything")


async def test_the_question_closes_after_five_minutes(stack: Stack, person: Person, server: Redis) -> None:
    message = person.send(picture("red"))
    person.answer_text(message)
    confirmation = person.answer(person.write("/forget all"))
    settings = Settings(token="1:sandbox-token", api_url=stack.page)
    async with app.build(settings, RateLimiter(server)) as application:
        services = app.build_services(settings, application.bot, server, Metrics())
        app.register_handlers(application, services, server)
        press = pressed(person, confirmation, confirmation["date"] + OPEN_S + 1)
        await application.process_update(Update.de_json(press, application.bot))
    becomes(person, confirmation["message_id"], "more than five minutes old")
    assert "asked of a red picture" in person.answer_text(person.write("What is it?"))


def pressed(person: Person, question: Json, at_s: float) -> Json:
    """An update: the first button below a question, pressed."""
    user = {"id": person.chat, "is_bot": False, "first_name": "P"}
    data = next(iter(buttons(question).values()))
    query = {"id": "1", "from": user, "chat_instance": "1", "message": question, "data": data}
    return {"update_id": 1, "callback_query": query, ARRIVAL_US: int(1e6 * at_s)}


def test_a_bot_that_stood_still_does_not_forget_what_was_sent_after_the_press(own_stack: Stack) -> None:
    """It has the press and has done nothing yet; another does it all, and takes a photo; then it goes on."""
    own_stack.start_all()
    (admin,) = own_stack.group(1)
    admin.answer_text(admin.send(picture("red"), caption="@" + bot_name(own_stack)), "a red picture")
    question = admin.answer(admin.write("/forget all"))
    with BlockingRedis.from_url(own_stack.server.url) as redis:
        redis.delete(f"admins:{{{admin.chat}}}")  # as some minutes later
    own_stack.inject_fault(method="getChatAdministrators", delay_s=1, times=1)
    [button] = question["reply_markup"]["inline_keyboard"][0]
    admin.act("press", message_id=question["message_id"], data=button["callback_data"])
    wait_until(lambda: own_stack.injected_faults()[0]["hits"])
    own_stack.signal("bot", signal.SIGSTOP)
    own_stack.start_bot("another")
    becomes(admin, question["message_id"], "I have forgotten everything")
    kept = admin.send(picture("blue"), caption="@" + bot_name(own_stack))
    admin.answer_text(kept, "a blue picture")
    own_stack.signal("bot", signal.SIGCONT)
    done = {"method": "answerCallbackQuery"}
    wait_until(lambda: len(own_stack.call("GET", "calls", params=done)) == 2)
    assert "asked of a blue picture" in admin.answer_text(admin.write(f"@{bot_name(own_stack)} What is it?"))


def test_what_the_bot_holds_when_all_is_forgotten_is_not_shown(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    message = person.send(picture("red"))
    wait_until(lambda: len(person.bot_texts()) == 1)
    person.write("What is it?", reply_to=message)
    person.send_album(picture("red"), picture("red"))
    wait_until(lambda: len(person.bot_texts()) == 3)
    person.inject_fault(method="editMessageText", status=502)
    own_stack.start_worker()
    wait_until(
        lambda: own_stack.injected_faults()[0]["hits"] >= 3
    )  # it tries again and again, ever more seldom
    question = person.answer(person.write("/forget all"))
    choose(person, question, 0)
    own_stack.call("DELETE", "faults")
    becomes(person, question["message_id"], "I have forgotten everything")
    kept = person.send(picture("blue"))
    assert "a blue picture" in person.answer_text(kept, "AI caption")  # it came behind the others
    assert len(person.bot_texts()) == 5, "three that wait for ever, the question, and the caption"


def test_privacy_says_what_is_kept_how_long_and_whom_to_ask(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot(BOT_RETENTION_DAYS="30", BOT_CONTACT="@keeper")
    person = own_stack.person()
    answer = person.answer_text(person.write("/privacy"))
    for words in ("never keep the pictures", "30 days", "/forget all", "/export", "@keeper"):
        assert words in answer


def test_by_default_it_is_a_year_and_nobody_is_named(person: Person) -> None:
    answer = person.answer_text(person.write("/privacy"))
    assert "365 days" in answer
    assert "Questions about privacy" not in answer


def bot_name(stack: Stack) -> str:
    return str(stack.call("GET", "state")["bot"]["username"])
