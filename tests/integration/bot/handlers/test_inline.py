"""`@bot words` in any chat: photos of the user's own private chat only."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from support.bot_stack import Json, Person, Stack, picture, wait_until

COLOURS = ("red", "green", "blue")


@pytest.fixture
def redis(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.server.url) as server:
        yield server


def ask(stack: Stack, who: Person, words: str, offset: str = "", chat: int | None = None) -> Json:
    """What the bot offers when somebody types its name and `words`, in this or another chat."""
    person = {"chat": chat or who.chat, "user": who.chat}
    query = stack.call("POST", "inline", json={**person, "query": words, "offset": offset})["query"]
    answer: Json = stack.call("GET", "answer", params={"query": query, "wait_s": 15})
    assert answer, "no answer"
    return answer


def send(person: Person, *colours: str, **extra: Any) -> list[int]:
    """Photos that have their captions."""
    photos = [person.send(picture(colour), **extra) for colour in colours]
    for photo in photos:
        person.answer(photo, "picture")
    return photos


def captions(answer: Json) -> list[str]:
    return [result["caption"] for result in answer["results"]]


def test_words_find_the_persons_own_photos_as_telegram_knows_them(stack: Stack, person: Person) -> None:
    send(person, *COLOURS)
    answer = ask(stack, person, "green")
    [result] = answer["results"]
    assert (result["type"], result["caption"]) == ("photo", "AI caption: a green picture of 64 by 48")
    assert result["photo_file_id"].startswith("AgAC")
    assert answer["is_personal"]
    assert not answer["button"]


def test_a_result_can_be_posted_in_another_chat(stack: Stack, person: Person) -> None:
    send(person, *COLOURS)
    [group] = stack.group(1)
    who = {"chat": group.chat, "user": person.chat}
    query = stack.call("POST", "inline", json={**who, "query": "green"})["query"]
    [result] = stack.call("GET", "answer", params={"query": query, "wait_s": 15})["results"]
    stack.call("POST", "choose", json={**who, "query": query, "result": result["id"]})
    [posted] = [message for message in group.messages() if "photo" in message]
    assert posted["caption"] == "AI caption: a green picture of 64 by 48"
    assert posted["via_bot"]["is_bot"]


def test_nothing_typed_offers_the_latest_photos_and_a_file_as_a_file(stack: Stack, person: Person) -> None:
    send(person, "red")
    send(person, "green", as_file=True)
    assert [result["type"] for result in ask(stack, person, "")["results"]] == ["document", "photo"]
    assert len(ask(stack, person, "today")["results"]) == 2
    assert not ask(stack, person, "last year")["results"]


def test_notes_stay_at_home(stack: Stack, person: Person) -> None:
    send(person, "red", caption="door code 1234")
    assert "1234" not in json.dumps(ask(stack, person, "")["results"][0]["caption"])


def test_more_than_a_page_comes_in_pages(stack: Stack, person: Person, redis: Redis) -> None:
    [first] = send(person, "red")
    kept = redis.hgetall(f"photo:{{{person.chat}}}:{first}")
    for n in range(900_001, 900_025):
        redis.hset(f"photo:{{{person.chat}}}:{n}", mapping=kept)
        redis.zadd(f"photos:{{{person.chat}}}", {str(n): n})
    page = ask(stack, person, "")
    assert len(page["results"]) == 20
    rest = ask(stack, person, "", page["next_offset"])
    assert len(rest["results"]) == 5
    assert not rest["next_offset"]
    assert not {result["id"] for result in page["results"]} & {result["id"] for result in rest["results"]}


def test_nobody_sees_the_photos_of_another_or_of_a_group(stack: Stack, person: Person) -> None:
    other, (ada, _) = stack.person(), stack.group(2)
    send(other, "red")
    send(person, "green")
    send(ada, "red", caption="@afterimage_bot")
    assert not ask(stack, person, "red")["results"]
    assert not ask(stack, person, "red", chat=ada.chat)["results"]
    assert len(ask(stack, person, "")["results"]) == 1


@pytest.mark.parametrize("words", ["", "red", "last week"])
def test_a_stranger_is_invited_and_nothing_is_kept_of_them(stack: Stack, redis: Redis, words: str) -> None:
    stranger = stack.person()
    offered = ask(stack, stranger, words)
    assert not offered["results"]
    assert offered["button"] == {"text": "Open the chat", "start_parameter": "find"}
    assert not redis.keys(f"*{stranger.chat}*")


def test_where_nothing_is_found_the_chat_is_a_tap_away(stack: Stack, person: Person) -> None:
    send(person, "red")
    offered = ask(stack, person, "zebra")
    assert not offered["results"]
    assert offered["button"]["text"] == "Open the chat"


@pytest.mark.parametrize("offset", ["99999999999999999999", "x", "-1", "5:6"])
def test_a_forged_offset_is_harmless(stack: Stack, person: Person, offset: str) -> None:
    send(person, "red")
    assert ask(stack, person, "red", offset)["results"]
    assert ask(stack, person, "", offset)["results"] == []


def test_an_answer_that_is_too_late_is_dropped_in_silence(stack: Stack, person: Person) -> None:
    send(person, "red")
    late = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    stack.inject_fault(method="answerInlineQuery", status=400, description=late, times=1)
    stack.call("POST", "inline", json={**person.who, "query": "red"})
    wait_until(lambda: [fault for fault in stack.injected_faults() if fault["hits"]])
    texts = person.bot_texts()
    assert ask(stack, person, "red")["results"]
    assert person.bot_texts() == texts


def test_while_no_worker_runs_that_is_said_at_once(own_stack: Stack) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot()
    person = own_stack.person()
    person.send(picture("red"))
    wait_until(person.bot_texts)
    offered = ask(own_stack, person, "red")
    assert offered["button"]["text"].startswith("No worker is running")
    assert len(ask(own_stack, person, "")["results"]) == 1
