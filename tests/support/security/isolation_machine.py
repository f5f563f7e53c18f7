"""Operations of users in 56 chats, honest and forged, in any order."""

import random
import re

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from bot.sandbox.people import Person
from support.security.isolation_actions import OperationBase
from support.security.isolation_world import CHATS, FIRST, PEOPLE, STRANGER, mark, marks_in
from vlm.engine.echo import NAMES

VERBS = "detail another english edit delete really keep pick pickall more older show near q try forget lang"
chats, picks = st.integers(0, CHATS - 1), st.integers(0, 2**16)


class Isolation(OperationBase):
    """Pressed, written and forged: `pick` chooses among what is there."""

    # --- photos and words

    @initialize()
    def everybody_has_a_photo(self) -> None:
        for chat in range(CHATS):
            if chat >= PEOPLE:
                self._write(chat, 0, "/auto on")
            self._send(chat, chat)
        self.count["photo at first"] += CHATS
        self.runner.run(self.world.settle())

    @rule(chat=chats, pick=picks)
    def photo(self, chat: int, pick: int) -> None:
        self._send(chat, pick, as_file=pick % 7 == 0)
        self._done("photo")

    @rule(chat=chats, pick=picks)
    def album(self, chat: int, pick: int) -> None:
        self._send(chat, pick, count=2 + pick % 3)
        self._done("album")

    @rule(chat=chats, pick=picks)
    def question(self, chat: int, pick: int) -> None:
        words = ("What is it?", "2: what colour?", "in all of them, what?", self._any_mark(chat, pick) + "?")
        self._write(chat, pick, words[pick % 4], self._message(chat, pick // 4))
        self._done("question")

    @rule(chat=chats, pick=picks)
    def edit(self, chat: int, pick: int) -> None:
        mine = [
            message for message in self.world.messages(chat, of_bot=False) if {"text", "photo"} & {*message}
        ]
        if message := self._pick(mine, pick):
            number = marks_in(str(message)) or {(chat, 0)}
            words = f"now {mark(*min(number))}?" if "photo" in message else f"/find {NAMES[pick % 10]}"
            who = Person(self.world.box, chat=self.world.ids[chat], user=message["from"]["id"])
            who.edit(message["message_id"], words)
        self._done("edit")

    @rule(chat=chats, pick=picks)
    def correction(self, chat: int, pick: int) -> None:
        words = f"/edit ours {mark(chat, pick % 250)}" if pick % 3 else "/edit"
        self._write(chat, pick, words, self._message(chat, pick // 3))
        self._done("correction")

    # --- searches

    @rule(chat=chats, other=chats, pick=picks)
    def search(self, chat: int, other: int, pick: int) -> None:
        person = f"@person{self.world.member(other, pick)}"
        words = (NAMES[pick % 10], self._any_mark(other, pick), self._any_mark(chat, pick), "picture at home")
        since = ("", "today", f"from {person}", "last year", "from me")
        self._write(chat, pick, f"/find {words[pick % 4]} {since[pick % 5]}")
        self._done("search")

    @rule(chat=chats, pick=picks)
    def alike(self, chat: int, pick: int) -> None:
        self._write(chat, pick, "/find", self._message(chat, pick))
        self._done("alike")

    @rule(chat=chats, pick=picks)
    def by_date(self, chat: int, pick: int) -> None:
        self._write(
            chat, pick, ("/recent", "/find today", f"/find from @person{FIRST + pick % PEOPLE}")[pick % 3]
        )
        self._done("by date")

    @rule(chat=chats, other=chats, pick=picks)
    def inline(self, chat: int, other: int, pick: int) -> None:
        """An inline query; its page may be another user's."""
        words = ("", NAMES[pick % 10], self._any_mark(other, pick), "picture", "today")[pick % 5]
        photos = [message["message_id"] for message in self.world.messages(other, of_bot=False)]
        offset = ("", "", str(self._pick(photos, pick) or 0), str(pick % 30), "x:" + str(pick))[pick // 5 % 5]
        self.queries.append(self.world.person(chat, pick).ask_inline(words, offset))
        self._done("inline, forged page" if pick // 5 % 5 > 1 else "inline")

    @rule(chat=chats, pick=picks)
    def post_a_result(self, chat: int, pick: int) -> None:
        """What somebody posts of their own is that chat's from then on."""
        answers = [(query, self.world.box.answers.get(query, {}).get("results")) for query in self.queries]
        if picked := self._pick([(query, results) for query, results in answers if results], pick):
            query, results = picked
            who, result = self.world.box.answers[query]["user"], results[pick % len(results)]
            person = Person(self.world.box, chat=self.world.ids[chat] if chat >= PEOPLE else who, user=who)
            [posted] = person.choose(query, result["id"])
            self._carry(self.world.home[person.chat.info["id"]], posted)
        self._done("inline result posted")

    # --- buttons

    @rule(chat=chats, pick=picks)
    def press(self, chat: int, pick: int) -> None:
        if picked := self._pick(self._data(chat), pick):
            message, data = picked
            self.world.person(chat, pick // 7).press(message["message_id"], data)
        self._done("button")

    @rule(chat=chats, other=chats, pick=picks, how=st.integers(0, 3))
    def forged_press(self, chat: int, other: int, pick: int, how: int) -> None:
        """A callback with the data of another chat's button, the name of its photo, or broken bytes."""
        foreign = self._pick(self._data(other), pick)
        data = (foreign[1] if foreign else "show:1").encode()
        if how == 1:
            photos = [message["message_id"] for message in self.world.messages(other, of_bot=False)]
            photo, verb = self._pick(photos, pick) or 1, VERBS.split()[pick % 17]
            more = ("", ":many:red things", f":{pick % 9}", ":background")[pick % 4]
            data = (
                f"{verb}:{pick % 9}:{photo}".encode() if verb == "more" else f"{verb}:{photo}{more}".encode()
            )
        elif how == 2:
            data = _mutated(data, pick)
        bearer = self._message(chat, pick // 3, of_bot=True)
        if bearer:
            self._push_press(chat, pick, bearer, data[:64].decode(errors="replace"))
        self._forged("forged button", chat)

    @rule(chat=chats, other=chats, pick=picks)
    def forged_message(self, chat: int, other: int, pick: int) -> None:
        """A button on, or a reply to, a message of another chat's number."""
        foreign, mine = self._message(other, pick), self._message(chat, pick // 3, of_bot=True)
        if foreign and mine:
            wire = self.world.box.world.for_bot(mine) | {"message_id": foreign["message_id"]}
            if pick % 3 == 0 and (picked := self._pick(self._data(other), pick // 3)):
                self._push_press(chat, pick, wire, picked[1])
            else:
                commands = ("/find", "/edit", "What is it?", "/forget", f"/edit so {mark(chat, 0)}", "/ask")
                person = self.world.person(chat, pick)
                [sent] = person.write(commands[pick % 6])
                last = self.world.box.updates.pending[-1]
                last.get("message", {})["reply_to_message"] = wire
                assert last["message"]["message_id"] == sent["message_id"]
        self._forged("forged message", chat)

    # --- the chat itself

    @rule(chat=chats, pick=picks)
    def forget(self, chat: int, pick: int) -> None:
        self._write(chat, pick, "/forget", self._message(chat, pick))
        self._done("forget one")

    @rule(chat=chats, pick=picks)
    def forget_all(self, chat: int, pick: int) -> None:
        self._write(chat, 0, "/forget all")
        self.runner.run(self.world.settle())
        yes = [(message, data) for message, data in self._data(chat) if data.startswith("forget:")]
        if yes and pick % 3 == 0:
            self.world.person(chat, 0).press(yes[-1][0]["message_id"], yes[-1][1])
        self._done("forget all")

    @rule(chat=st.integers(PEOPLE, CHATS - 1))
    def migrate(self, chat: int) -> None:
        if self.world.ids[chat] > -(10**12):
            self.world.migrate(chat)
        self._done("migration")

    @rule(chat=chats, pick=picks)
    def language(self, chat: int, pick: int) -> None:
        self._write(chat, 0, f"/lang {('en', 'de', 'en', 'ja')[pick % 4]}")
        self._done("language")

    @rule(chat=chats, pick=picks)
    def export(self, chat: int, pick: int) -> None:
        person = self.world.member(chat, pick)
        self.world.exported.setdefault(self.world.home[person], set()).add(chat)
        self._write(chat, pick, "/export")
        self._done("export")

    @rule(pick=picks)
    def stranger(self, pick: int) -> None:
        """Use an invitation: a valid one, a used one or a forged one."""
        self.world.person(0).write("/invite")
        self.runner.run(self.world.settle())
        words = [message.get("text", "") for message in self.world.messages(0, of_bot=True)]
        invitations = [word for text in words for word in re.findall(r"start=([\w-]+)", text)]
        word = invitations[-1 - pick % len(invitations)]
        forged = pick % 3 == 0
        self.strangers += 1
        person = Person(self.world.box, chat=STRANGER + self.strangers)
        person.write(f"/start {word[::-1] if forged else word}")
        self.runner.run(self.world.settle())
        person.write(f"/find {self._any_mark(pick % CHATS, pick)}")
        query = person.ask_inline("picture")
        self._done("invitation, forged" if forged else "invitation")
        assert not self.world.box.answers[query]["results"]
        if forged:
            assert not self.runner.run(self.world.admits(person.user["id"]))


def _mutated(data: bytes, pick: int) -> bytes:
    random_ = random.Random(pick)
    changed = bytearray(data)
    for _ in range(1 + pick % 3):
        changed[random_.randrange(len(changed))] = random_.randrange(256)
    return bytes(changed)
