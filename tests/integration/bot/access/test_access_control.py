"""Access control: messages, buttons, inline queries and groups are all checked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from support.bot_stack import Person, Stack, picture, wait_until

NAME = "afterimage_bot"
OWNER, ADMIN, FRIEND, STRANGER = 7_500_000_001, 7_500_000_002, 7_500_000_003, 7_500_000_004
CLUB = -7_500
BY_LIST = {
    "BOT_ACCESS": "list",
    "BOT_OWNER": str(OWNER),
    "BOT_ADMINS": str(ADMIN),
    "BOT_ALLOWED": f"{FRIEND}, {CLUB}",
}
BY_INVITATION = {"BOT_ACCESS": "invite", "BOT_OWNER": str(OWNER), "BOT_ADMINS": str(ADMIN)}


def running(folder: Path, **settings: str) -> Iterator[Stack]:
    everything = Stack(folder)
    try:
        everything.start_all(**settings)
        yield everything
    finally:
        everything.close()


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A bot for whom it lists."""
    yield from running(tmp_path_factory.mktemp("listed"), **BY_LIST)


@pytest.fixture(scope="module")
def by_invitation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A bot for who was invited."""
    yield from running(tmp_path_factory.mktemp("invited"), **BY_INVITATION)


def traces(stack: Stack, id: int) -> set[str]:
    """What the server keeps under an id, but for what was sent to it, and when."""
    with Redis.from_url(stack.server.url) as redis:
        return {key.decode() for key in redis.keys(f"*{id}*")} - {f"said:{{{id}}}", f"sent:{{{id}}}"}


def settled(stack: Stack) -> None:
    """All updates so far have been handled."""
    owner = Person(stack, OWNER)
    owner.answer_text(owner.write("/help"))
    with Redis.from_url(stack.server.url) as redis:
        wait_until(lambda: redis.xlen("{afterimage}:updates") == 0)


@pytest.mark.parametrize("person", [OWNER, ADMIN, FRIEND])
def test_the_owner_the_admins_and_whom_the_list_names_come_in(listed: Stack, person: int) -> None:
    guest = Person(listed, person)
    assert "a red picture" in guest.answer_text(guest.send(picture("red")), "AI caption")


def test_anyone_else_gets_one_polite_line_once_and_leaves_no_trace(listed: Stack) -> None:
    stranger = listed.person()
    first = stranger.write("/start")
    assert f"your number is {stranger.chat}" in stranger.answer_text(first)
    for message in ("/help", "What is it?", "/invite", "/stats", "/lang de"):
        stranger.write(message)
    stranger.send(picture("red"))
    stranger.edit(first, "/help")
    settled(listed)
    assert len(stranger.bot_texts()) == 1
    assert traces(listed, stranger.chat) == set()


def test_the_line_is_in_the_language_of_their_app(listed: Stack) -> None:
    stranger = Person(listed, listed.person().chat, language="de")
    assert stranger.answer_text(stranger.write("/start")).startswith("Hallo")


def test_a_group_on_the_list_is_for_all_in_it(listed: Stack) -> None:
    stranger = Person(listed, CLUB, user=STRANGER)
    assert "a red picture" in stranger.answer_text(
        stranger.send(picture("red"), caption=f"@{NAME}"), "AI caption"
    )


def test_a_group_that_is_not_on_the_list_hears_one_line_when_it_calls(listed: Stack) -> None:
    stranger, other = listed.group(2)
    stranger.write("Hello, all")
    settled(listed)
    assert stranger.bot_texts() == []
    assert str(stranger.chat) in stranger.answer_text(stranger.send(picture("red"), caption=f"@{NAME}"))
    other.write("/help")
    settled(listed)
    assert len(stranger.bot_texts()) == 1
    assert traces(listed, stranger.chat) == set()


def test_a_listed_person_may_in_any_group(listed: Stack) -> None:
    stranger, _ = listed.group(2)
    friend = Person(listed, stranger.chat, user=FRIEND)
    stranger.write("Hello, all")
    assert "a red picture" in friend.answer_text(
        friend.send(picture("red"), caption=f"@{NAME}"), "AI caption"
    )


def test_a_stranger_who_adds_the_bot_to_a_group_gets_one_line(listed: Stack) -> None:
    (stranger,) = listed.group(1)
    stranger.act("block")
    stranger.act("unblock")
    wait_until(lambda: any(f"number is {stranger.chat}" in text for text in stranger.bot_texts()))
    stranger.act("block")
    stranger.act("unblock")
    settled(listed)
    assert len(stranger.bot_texts()) == 1


def test_a_strangers_press_is_answered_and_does_nothing(listed: Stack) -> None:
    friend, stranger = (Person(listed, CLUB - 1, user=user) for user in (FRIEND, STRANGER))
    caption = friend.answer(friend.send(picture("red"), caption=f"@{NAME}"))
    before = friend.messages()
    data = caption["reply_markup"]["inline_keyboard"][0][0]["callback_data"]  # a question, for all to ask
    query = stranger.act("press", message_id=caption["message_id"], data=data)["query"]
    answer = listed.call("GET", "answer", params={"query": query, "wait_s": 30})
    assert "private bot" in answer["text"]
    settled(listed)
    assert friend.messages() == before


def test_a_strangers_inline_query_finds_nothing(listed: Stack) -> None:
    query = Person(listed, STRANGER).act("inline", query="red")["query"]
    answer = listed.call("GET", "answer", params={"query": query, "wait_s": 30})
    assert answer["results"] == []
    assert traces(listed, STRANGER) == set()


def invitation(stack: Stack, host: int) -> str:
    """The word in a new link."""
    owner = Person(stack, host)
    link = re.search(rf"https://t\.me/{NAME}\?start=([\w-]+)$", owner.answer_text(owner.write("/invite")))
    assert link
    return link[1]


def test_an_invitation_lets_in_one_person_once(by_invitation: Stack) -> None:
    word = invitation(by_invitation, ADMIN)
    first, second = by_invitation.person(), by_invitation.person()
    assert "Hello" in first.answer_text(first.write(f"/start {word}"))
    assert "a red picture" in first.answer_text(first.send(picture("red")), "AI caption")
    assert "was used already" in second.answer_text(second.write(f"/start {word}"))
    assert traces(by_invitation, second.chat) == set()
    second.write(f"/start {word}")
    settled(by_invitation)
    assert len(second.bot_texts()) == 1


def test_who_was_turned_away_can_still_use_an_invitation(by_invitation: Stack) -> None:
    person = by_invitation.person()
    person.answer_text(person.write("Hello?"), "private bot")
    assert "photo" in person.answer_text(person.write(f"/start {invitation(by_invitation, OWNER)}"), "Hello")


def test_an_invitation_is_kept_as_a_hash_and_ends_after_a_week(by_invitation: Stack) -> None:
    word = invitation(by_invitation, OWNER)
    with Redis.from_url(by_invitation.server.url) as redis:
        kept = redis.keys("{afterimage}:invite:*")
        assert kept
        assert not any(word.encode() in key for key in kept)
        assert all(0 < redis.ttl(key) <= 7 * 24 * 3600 for key in kept)


def test_only_the_owner_and_the_admins_invite_and_in_private(by_invitation: Stack) -> None:
    guest = by_invitation.person()
    guest.answer_text(guest.write(f"/start {invitation(by_invitation, OWNER)}"))
    assert "Only my owner" in guest.answer_text(guest.write("/invite"))
    owner = Person(by_invitation, CLUB, user=OWNER)
    assert "in private" in owner.answer_text(owner.write("/invite"))


def test_a_group_comes_in_with_who_was_invited(by_invitation: Stack) -> None:
    guest = by_invitation.person()
    guest.answer_text(guest.write(f"/start {invitation(by_invitation, OWNER)}"))
    founder, other = by_invitation.group(2)
    founder.write("Hello, all")
    adder = Person(by_invitation, founder.chat, user=guest.chat)
    adder.act("block")
    adder.act("unblock")
    wait_until(lambda: any(text.startswith("Hello! I say what") for text in adder.bot_texts()))
    assert "a red picture" in other.answer_text(other.send(picture("red"), caption=f"@{NAME}"), "AI caption")
    new = Person(by_invitation, founder.act("migrate")["chat"], user=other.who["user"])
    assert "a blue picture" in new.answer_text(new.send(picture("blue"), caption=f"@{NAME}"), "AI caption")


def test_the_owner_shuts_a_guest_out_again_who_then_is_a_stranger(by_invitation: Stack) -> None:
    owner, guest = Person(by_invitation, OWNER), by_invitation.person()
    guest.who["name"] = "Grace"
    guest.answer_text(guest.write("Hello?"), "private bot")  # told already, within this week
    guest.answer_text(guest.write(f"/start {invitation(by_invitation, OWNER)}"), "Hello! Send me")
    assert f"{guest.chat} Grace" in owner.answer_text(owner.write("/revoke"))
    assert "Only my owner" in guest.answer_text(guest.write(f"/revoke {guest.chat}"))
    assert owner.answer_text(owner.write(f"/revoke {guest.chat}")) == "Done: Grace can no longer use me."
    assert "private bot" in guest.answer_text(guest.write("/help"))
    count = len(guest.bot_texts())
    guest.send(picture("red"))
    settled(by_invitation)
    assert len(guest.bot_texts()) == count
    assert str(guest.chat) not in owner.answer_text(owner.write("/revoke"))
    assert f"{guest.chat} joined by invitation" in owner.answer_text(owner.write(f"/revoke {guest.chat}"))
    guest.answer_text(guest.write(f"/start {invitation(by_invitation, OWNER)}"), "Hello! Send me")


def test_who_is_shut_out_may_still_have_all_forgotten(by_invitation: Stack) -> None:
    guest, owner = by_invitation.person(), Person(by_invitation, OWNER)
    guest.answer_text(guest.write(f"/start {invitation(by_invitation, OWNER)}"), "Hello! Send me")
    guest.answer_text(guest.send(picture("red")), "AI caption")
    owner.answer_text(owner.write(f"/revoke {guest.chat}"), "no longer")
    assert "private bot" in guest.answer_text(guest.write("/recent"))
    guest.answer_text(guest.write("/privacy"), "photo")
    question = guest.answer(guest.write("/forget all"), "1 photo")
    guest.press(question["message_id"], f"forget:{guest.chat}")
    wait_until(lambda: guest.bot_texts()[-1].startswith("I have forgotten everything"))
    assert "private bot" in guest.answer_text(guest.write("/forget all")), "of a stranger nothing is kept"


def test_a_group_is_shut_out_by_its_number(by_invitation: Stack) -> None:
    guest, owner = by_invitation.person(), Person(by_invitation, OWNER)
    guest.answer_text(guest.write(f"/start {invitation(by_invitation, OWNER)}"), "Hello! Send me")
    founder, _ = by_invitation.group(2)
    founder.write("Hello, all")
    adder = Person(by_invitation, founder.chat, user=guest.chat)
    adder.act("block")
    adder.act("unblock")
    wait_until(lambda: any(text.startswith("Hello! I say what") for text in adder.bot_texts()))
    assert "can no longer use me" in owner.answer_text(owner.write(f"/revoke {founder.chat}"))
    assert "has not let this group in" in founder.answer_text(founder.write(f"@{NAME}"))


@pytest.mark.parametrize("typed", ["Grace", "-", "12", "9" * 40, "٣"])
def test_whoever_is_no_guest_cannot_be_shut_out(by_invitation: Stack, typed: str) -> None:
    owner = Person(by_invitation, OWNER)
    assert "To see who did, send /revoke on its own" in owner.answer_text(owner.write(f"/revoke {typed}"))


def test_whom_the_settings_let_in_is_not_shut_out_by_a_command(by_invitation: Stack) -> None:
    owner = Person(by_invitation, OWNER)
    assert "by the settings" in owner.answer_text(owner.write(f"/revoke {ADMIN}"))


def test_the_owners_menu_and_help_have_the_owners_commands(by_invitation: Stack) -> None:
    owner, guest = Person(by_invitation, OWNER), by_invitation.person()
    guest.answer_text(guest.write(f"/start {invitation(by_invitation, OWNER)}"), "Hello! Send me")
    assert "/revoke: Take somebody's access back" in owner.answer_text(owner.write("/help"))
    assert "/revoke" not in guest.answer_text(guest.write("/help"))

    def menu(person: Person) -> set[str]:
        commands = by_invitation.call("GET", "state", params={"chat": person.chat})["commands"]
        return {entry["command"] for entry in commands}

    assert menu(owner) - menu(guest) == {"invite", "revoke", "stats"}


def test_an_open_bot_needs_no_invitations(stack: Stack, person: Person) -> None:
    assert "Only my owner" in person.answer_text(person.write("/invite"))


def test_the_numbers_are_for_the_owner_and_the_admins_alone(listed: Stack) -> None:
    friend, owner = Person(listed, FRIEND), Person(listed, OWNER)
    friend.answer_text(friend.send(picture("red")), "AI caption")
    assert "not a picture" in friend.answer_text(friend.send(b"no picture", name="broken.jpg", as_file=True))
    assert "Only my owner" in friend.answer_text(friend.write("/stats"))
    stats = owner.answer_text(owner.write("/stats"))
    assert "Queue: 0 from chats, 0 in bulk." in stats
    assert "1 worker is running.\nModel echo (" in stats
    assert re.search(r"\d jobs? in the last 6 hours\.\nHalf of them took at most [\d.]+ seconds", stats)
    assert "Failed: bad_image 1." in stats
    assert re.search(r"Photos remembered: \d\. Chats: \d\.", stats)
    in_public = Person(listed, CLUB, user=OWNER)
    assert "in private" in in_public.answer_text(in_public.write("/stats"))
