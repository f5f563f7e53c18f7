"""What people do in a conversation, and what happens to them: see conversation.py."""

import re
from collections.abc import Callable
from typing import Any

from support.bot_stack import Person, buttons, picture
from support.conversation import Deed, Scene


def writes(text: str, reply_to: str = "", name: str = "") -> Deed:
    def deed(scene: Scene, who: Person) -> None:
        keep(scene, who, name, who.write(text.format_map(scene.words), scene.id_of(reply_to)))

    return deed


def sends(what: str | bytes, file: str = "picture.png", name: str = "", **extra: Any) -> Deed:
    """A picture, by colour and size ('red 80 60') or by its bytes. `kind`, `as_file`: how it is sent."""

    def deed(scene: Scene, who: Person) -> None:
        keep(scene, who, name, who.send(drawn(what), file, **extra))

    return deed


def sends_album(*whats: str | bytes, name: str = "", **extra: Any) -> Deed:
    def deed(scene: Scene, who: Person) -> None:
        keep(scene, who, name, who.send_album(*map(drawn, whats), **extra)[0])

    return deed


def edits(name: str, text: str) -> Deed:
    return lambda scene, who: who.edit(int(scene.named[name]["message_id"]), text)


def presses(name: str, label: str) -> Deed:
    """The button whose label fits a pattern."""

    def deed(scene: Scene, who: Person) -> None:
        offered = buttons(scene.now(who, name))
        [data] = [data for shown, data in offered.items() if re.fullmatch(label, shown)]
        scene.told = who.press(int(scene.named[name]["message_id"]), data)

    return deed


def types_inline(query: str) -> Deed:
    def deed(scene: Scene, who: Person) -> None:
        asked = who.act("inline", query=query)["query"]
        told = scene.stack.call("GET", "answer", params={"query": asked, "wait_s": 30})
        scene.told = {**told, "query": asked}

    return deed


def chooses() -> Deed:
    """The first of the results that were typed for: it is posted in this chat."""
    return lambda scene, who: (
        who.act("choose", query=scene.told["query"], result=scene.told["results"][0]["id"]) and None
    )


def acts(*deeds: str, **about: Any) -> Deed:
    """What else can be done in a chat: block, unblock, promote (see bot/sandbox/page.py)."""

    def deed(scene: Scene, who: Person) -> None:
        for one in deeds:
            who.act(one, **about)

    return deed


def moves(*cast: str) -> Deed:
    """The group becomes a supergroup, and these people go with it."""

    def deed(scene: Scene, who: Person) -> None:
        new = who.act("migrate")["chat"]
        for name in cast:
            scene.cast[name] = Person(scene.stack, new, user=scene.cast[name].who["user"])

    return deed


def deadly(deed: Deed) -> Deed:
    """Right after the deed, bot and worker may end as in a crash, and start again."""

    def done(scene: Scene, who: Person) -> None:
        deed(scene, who)
        if scene.is_deadly:
            scene.kill()

    return done


def happens(what: Callable[[Scene], None], *, is_idle: bool = True) -> Deed:
    """Something around the chat. Not `is_idle`: from then on, what comes in has to wait."""

    def deed(scene: Scene, who: Person) -> None:
        what(scene)
        scene.is_idle = is_idle

    return deed


def drawn(what: str | bytes) -> bytes:
    if isinstance(what, bytes):
        return what
    colour, *size = what.split()
    return picture(colour, (int(size[0]), int(size[1])) if size else (64, 48))


def keep(scene: Scene, who: Person, name: str, message: int) -> None:
    if name:
        scene.named[name] = next(one for one in who.messages() if one["message_id"] == message)
