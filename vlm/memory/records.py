"""What the memory gives and takes: photos, arrays, preferences; and how they lie in a hash."""

from typing import Any, Final, Literal

import msgspec

from vlm.protocol import Style, Turn

Kind = Literal["photo", "document", "sticker"]


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a photo; '' for what is not known.

    kind         what `file_id` names: it can be sent again only as that
    topic        of a forum; 0 elsewhere
    arrival_us   when its message came to us, by the server's clock; no two have the same. 0: not known
    sender_name  what they are called, '@ada' among it if they have such a name
    caption      a model's, English; `revision` is the model's
    shown        the same in `language`, as the chat saw it
    corrected    what its owner says instead; it holds whatever a model says later
    note         what its owner wrote with it
    given        all English wordings that its caption has had, a line each; '' while there was but one
    """

    id: str
    file_id: str
    file_unique_id: str = ""
    kind: Kind = "photo"
    sender: int = 0
    sender_name: str = ""
    created_ms: int
    topic: int = 0
    arrival_us: int = 0
    caption: str = ""
    revision: str = ""
    shown: str = ""
    language: str = ""
    corrected: str = ""
    note: str = ""
    given: str = ""

    @property
    def text(self) -> str:
        """What a search reads: the owner's wording, else the model's, and the note, each on its own line."""
        return "\n".join(said for said in (self.corrected or self.caption, self.note) if said)


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """An fp16 array, row by row, and the revision of its model: arrays of two revisions never mix."""

    data: bytes
    shape: tuple[int, ...]
    revision: str


class Searchable(msgspec.Struct, frozen=True, kw_only=True):
    """A photo and what a query is compared with; `vectors` are None until a worker has added them. [Q, E]"""

    photo: Photo
    vectors: Array | None


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How a chat wants it.

    language  a tag as Telegram has them; '': not chosen yet
    auto      in a group: whether photos are described unasked
    """

    language: str = ""
    style: Style = "normal"
    auto: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A turn as it is kept; `shown` and `asked` are as the chat saw it, '' if that was in English."""

    question: str
    answer: str
    at_ms: int
    shown: str = ""
    asked: str = ""


FACTS: Final = (  # a front end's
    "file_id", "file_unique_id", "kind", "sender", "sender_name", "created_ms", "topic", "arrival_us",
)  # fmt: skip
WORDS: Final = ("caption", "revision", "shown", "language", "corrected", "note", "given")
FIELDS: Final = (*FACTS, *WORDS)
WISHES: Final = tuple(field.name for field in msgspec.structs.fields(Preferences))


def as_ids(found: Any) -> list[str]:
    """The ids that a set has."""
    return [id.decode() for id in found]


def as_photo(id: str, row: Any) -> Photo | None:
    """The photo in a row of `FIELDS`; None if there is none."""
    told: dict[str, Any] = {name: value.decode() for name, value in zip(FIELDS, row, strict=True) if value}
    return msgspec.convert({"id": id, **told}, Photo, strict=False) if "file_id" in told else None


def as_array(data: Any) -> Array | None:
    """The array in a value."""
    return msgspec.msgpack.decode(data, type=Array) if data else None


def as_turns(rows: Any) -> list[Turn]:
    """The turns in values of `turns`, in the order of asking."""
    told = sorted((msgspec.msgpack.decode(row, type=Told) for row in rows), key=lambda turn: turn.at_ms)
    return [Turn(question=turn.question, answer=turn.answer) for turn in told]


def as_preferences(row: Any) -> Preferences:
    """The preferences in a row of `WISHES`. A wish that this version does not know counts as none."""
    wishes = Preferences()
    for name, value in zip(WISHES, row, strict=True):
        if value is not None:
            told = {**msgspec.to_builtins(wishes), name: value.decode()}
            try:
                wishes = msgspec.convert(told, Preferences, strict=False)
            except msgspec.ValidationError:
                continue
    return wishes
