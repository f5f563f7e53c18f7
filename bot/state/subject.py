"""Which photo is this message about?"""

from vlm.memory import Memory, Photo


async def subject(
    memory: Memory,
    chat: int,
    reply_to: int | None,
    sender: int | None = None,
    topic: int | None = None,
) -> Photo | None:
    """The photo that a reply points at, itself or through words about it; without a reply, the latest.

    `sender` is whose latest that is, `topic` in which topic; None: anybody's, in any.
    None: there is no such photo. A reply never falls back to the latest: an answer about the wrong photo is
    worse than none.
    """
    if reply_to is None:
        return await memory.latest(chat, sender, topic)
    photo = await memory.photo_of(chat, reply_to)
    return await memory.get(chat, photo) if photo else None
