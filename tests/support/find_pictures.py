"""Send photos, search for them, and read the results."""

import json
import re
import time
from typing import Any

from redis import Redis

from bot.i18n.translator import translator_for
from support.bot_stack import Json, Person, picture, wait_until

COLOURS = ("red", "green", "blue", "yellow", "black", "white", "gray")


def send(person: Person, *colours: str, **extra: Any) -> list[int]:
    """Send photos and wait for their captions. Returns the message ids."""
    photos = [person.send(picture(colour), **extra) for colour in colours]
    for photo in photos:
        wait_until(
            lambda photo=photo: [reply for reply in person.replies(photo) if "picture" in reply["text"]]
        )
    return photos


def head(person: Person, message: int, pattern: str) -> Json:
    """The text above the photos of a result: the bot's reply that matches."""

    def matching() -> Json | None:
        return next(
            (reply for reply in person.replies(message) if re.search(pattern, reply.get("text", ""))), None
        )

    return wait_until(matching)


def photos(person: Person, message: int, count: int) -> list[Json]:
    """The photos and files that the bot sent in reply."""

    def sent_photos() -> list[Json]:
        shown = [
            message
            for message in person.messages()
            if message["from"]["is_bot"] and {"photo", "document"} & {*message}
        ]
        mine = [
            candidate
            for candidate in shown
            if candidate.get("reply_to_message", {}).get("message_id") == message
        ]
        return mine if len(mine) >= count else []

    brought = wait_until(sent_photos)
    assert len(brought) == count
    return list(brought)


def file_of(person: Person, message: int) -> str:
    sent = next(candidate for candidate in person.messages() if candidate["message_id"] == message)
    return str((sent.get("document") or sent["photo"][-1])["file_id"])


def settled(person: Person) -> None:
    """Wait until all earlier updates of the chat are handled: they are handled in order."""
    person.answer_text(person.write("/fnid"))


def today(language: str = "en") -> str:
    return translator_for(language).day(time.time_ns() // 1_000_000)


def again(redis: Redis, **update: Json) -> None:
    """Deliver an update, perhaps for the second time."""
    redis.xadd("{afterimage}:updates", {"update": json.dumps({"update_id": 1, **update})})
