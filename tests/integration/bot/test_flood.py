"""A user who floods the bot gets an answer to everything, and other users are served first."""

from redis import Redis
from support.bot_stack import Person, Stack, picture, wait_until

from vlm.queue.admission import SHARE

MOST, SENT = 6, 9


def test_each_photo_of_a_flood_is_captioned_or_refused_and_the_neighbour_comes_before_most_of_it(
    own_stack: Stack,
) -> None:
    own_stack.start_sandbox()
    own_stack.start_bot(BOT_CHAT_MAX=str(MOST))
    flooder, neighbour = own_stack.person(), own_stack.person()
    flood = [flooder.send(picture("red")) for _ in range(SENT)]
    wait_until(lambda: len(refused_of(flooder, flood)) == SENT - MOST)
    refused = refused_of(flooder, flood)
    photo = neighbour.send(picture("blue"))
    with Redis.from_url(own_stack.server.url) as redis:
        lanes = {name: f"{{afterimage}}:jobs:{name}" for name in ("interactive", "busy")}
        wait_until(lambda: redis.xlen(lanes["interactive"]) == SHARE + 1)
        assert redis.xlen(lanes["busy"]) == MOST - SHARE
    own_stack.start_worker()
    assert "a blue picture" in neighbour.answer_text(photo, "AI caption")
    captioned = [
        photo for photo in flood if photo not in refused and flooder.answer_text(photo, "AI caption")
    ]
    assert (len(captioned), len(refused)) == (MOST, SENT - MOST)
    assert all(len(flooder.replies(photo)) == 1 for photo in flood)


def refused_of(person: Person, photos: list[int]) -> list[int]:
    """Those that were refused in words."""
    return [
        photo for photo in photos if any("already have" in reply["text"] for reply in person.replies(photo))
    ]
