"""What a reply answers, and where it is shown.

A `ReplyTarget` travels through the queue with a job as its correlation data, and comes back with the result.
What it answers is a `ReplyKey`, one of the kinds below. A key's text is the idempotency key: the outbox notes
by it which message was sent, and a job's id contains it, so whatever is done twice has its effect once.

The texts are stored in Redis and shared with bots of other versions: they must not change.
"""

import re
from functools import cache
from typing import ClassVar, Final, Literal, Self, get_type_hints

import msgspec
from telegram import CallbackQuery, Message, Update

FORMER: Final = "g"  # before the id that a message or photo had in the group that became a supergroup


class ReplyKey(msgspec.Struct, frozen=True, tag=True):
    """What is answered. `TEMPLATE` is its text, with the kind's fields in it."""

    TEMPLATE: ClassVar[str]

    def __str__(self) -> str:
        """The idempotency key."""
        return self.TEMPLATE.format(**msgspec.structs.asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The key of this kind with that text; None if the text is another kind's."""
        match = _pattern(cls).fullmatch(text)
        if match is None:
            return None
        key = cls(**{name: _field(cls, name, value) for name, value in match.groupdict().items()})
        return key if str(key) == text else None


class SentMessage(ReplyKey, frozen=True):
    """A message of a user."""

    TEMPLATE = "{message}"
    message: int


class Migrated(ReplyKey, frozen=True):
    """Something in a group that has become a supergroup since."""

    TEMPLATE = FORMER + "{former}"
    former: ReplyKey


class ButtonPress(ReplyKey, frozen=True):
    """A pressed button."""

    TEMPLATE = "press-{query}"
    query: str


class CaptionRequest(ReplyKey, frozen=True):
    """A button that asks for another caption of a photo that has one."""

    TEMPLATE = "again-{query}"
    query: str


class SuggestedQuestion(ReplyKey, frozen=True):
    """A question on a button below the caption `message`."""

    TEMPLATE = "{question}-{message}"
    question: str  # its key in `bot.replies.photos`, without blanks
    message: int

    @classmethod
    def of(cls, question: str, message: int) -> "SuggestedQuestion":
        """`question` may contain blanks, which would end the key in correlation data."""
        return cls(question.replace(" ", "_"), message)


class AlbumCaptions(ReplyKey, frozen=True):
    """An album: its captions are listed in one message."""

    TEMPLATE = "album-{media_group}"
    media_group: str


class QuestionAboutAll(ReplyKey, frozen=True):
    """A question about several photos: its answers are listed in one message."""

    TEMPLATE = "all-{question}"
    question: ReplyKey


class PickedPhoto(ReplyKey, frozen=True):
    """A button of `message` that says which photo of an album a question is about."""

    TEMPLATE = "picked-{photo}-{message}"
    photo: str
    message: int


class PickedAll(ReplyKey, frozen=True):
    """The button of `message` that says that a question is about all photos of an album."""

    TEMPLATE = "picked-{message}"
    message: int


class InlineRequest(ReplyKey, frozen=True):
    """An inline query: answered in no chat."""

    TEMPLATE = "inline-{query}"
    query: str


class QuestionWithPhoto(ReplyKey, frozen=True):
    """The question that came as a photo's caption."""

    TEMPLATE = "{photo}-asked"
    photo: ReplyKey


class EditedQuestion(ReplyKey, frozen=True):
    """A question whose message was edited at `at_s`, Unix seconds."""

    TEMPLATE = "{question}-edited-{at_s}"
    question: ReplyKey
    at_s: int


class SearchPage(ReplyKey, frozen=True):
    """A page of hits after the first."""

    TEMPLATE = "{search}-from-{offset}"
    search: ReplyKey
    offset: int


class RecentPage(ReplyKey, frozen=True):
    """A page of a list by date: the photos before one."""

    TEMPLATE = "{listing}-before-{photo}"
    listing: ReplyKey
    photo: str


class NearestPhoto(ReplyKey, frozen=True):
    """The photo that `message` offered where a search found nothing."""

    TEMPLATE = "{message}-near"
    message: int


class ShownAlbum(ReplyKey, frozen=True):
    """An album in which photos are sent again."""

    TEMPLATE = "{request}-{kind}s"
    request: ReplyKey
    kind: Literal["photo", "document"]


class ShownPhoto(ReplyKey, frozen=True):
    """A photo that is sent again on its own."""

    TEMPLATE = "{request}-{photo}"
    request: ReplyKey
    photo: str


class PrivateExport(ReplyKey, frozen=True):
    """An export that was asked for in the group `chat`, and goes to a private chat."""

    TEMPLATE = "export-{chat}-{request}"
    chat: int
    request: ReplyKey


class ExportPart(ReplyKey, frozen=True):
    """One file of an export."""

    TEMPLATE = "{export}-part-{number}"
    export: ReplyKey
    number: int


class ExportEnd(ReplyKey, frozen=True):
    """The last file of an export: when it was sent, all was."""

    TEMPLATE = "{export}-last"
    export: ReplyKey


class GroupJoined(ReplyKey, frozen=True):
    """The bot was added to a group at `at_s`, Unix seconds."""

    TEMPLATE = "joined-{at_s}"
    at_s: int


class AccessRefusal(ReplyKey, frozen=True):
    """A user or group without access: told so once."""

    TEMPLATE = "door"


class InvitationRefusal(ReplyKey, frozen=True):
    """An invitation that is used or too old."""

    TEMPLATE = "used"


class SamplePhoto(ReplyKey, frozen=True):
    """The sample photo that /start shows."""

    TEMPLATE = "sample"


class UnknownKey(ReplyKey, frozen=True):
    """A key of another version's kind."""

    TEMPLATE = "{text}"
    text: str


# In the order in which a text is tried. Suffixes come before prefixes, and what fits most comes last.
KINDS: Final[tuple[type[ReplyKey], ...]] = (
    SentMessage,
    AccessRefusal,
    InvitationRefusal,
    SamplePhoto,
    QuestionWithPhoto,
    EditedQuestion,
    SearchPage,
    RecentPage,
    NearestPhoto,
    ShownAlbum,
    ExportPart,
    ExportEnd,
    ButtonPress,
    CaptionRequest,
    AlbumCaptions,
    QuestionAboutAll,
    PickedAll,
    PickedPhoto,
    InlineRequest,
    PrivateExport,
    GroupJoined,
    Migrated,
    SuggestedQuestion,
    ShownPhoto,
)
FIELD_PATTERNS: Final = {
    "kind": "photo|document",
    "photo": rf"{FORMER}*\d+",
    "question": r"(?:many|happening|background|picture)(?::\S*)?",
}


def parse_key(text: str) -> ReplyKey:
    """The key with that text, of any version."""
    return next((key for kind in KINDS if (key := kind.parse(text))), UnknownKey(text))


class ReplyTarget(msgspec.Struct, frozen=True):
    """What is answered, and where the reply is shown.

    reply_to            the message that the reply is shown as a reply to; 0: to none
    thread              the topic of a forum; 0 elsewhere
    follow_up_question  the question that came with a photo: it is asked when the photo has its caption
    """

    chat: int
    key: ReplyKey
    reply_to: int = 0
    thread: int = 0
    follow_up_question: str = ""

    @property
    def idempotency_key(self) -> str:
        return str(self.key)

    @property
    def job_id(self) -> str:
        """The id of the one job that this target gives rise to."""
        return f"{self.chat}-{self.key}"

    @property
    def correlation_data(self) -> str:
        return f"{self.key} {self.reply_to} {self.thread} {self.follow_up_question}".rstrip()

    @property
    def is_photo_list(self) -> bool:
        """Whether the reply is one message about several photos."""
        return isinstance(self.key, AlbumCaptions | QuestionAboutAll)

    def with_key(self, key: ReplyKey) -> "ReplyTarget":
        """The same place, for something else that is answered."""
        return msgspec.structs.replace(self, key=key)

    def with_question(self, question: str) -> "ReplyTarget":
        """The same, with a question to ask afterwards; '': with none."""
        return msgspec.structs.replace(self, follow_up_question=question)

    def for_question(self) -> "ReplyTarget":
        """Where the question that came with a photo is answered: beside the photo's caption."""
        return self.with_key(QuestionWithPhoto(self.key)).with_question("")

    def below_photo(self, photo: str) -> "ReplyTarget":
        """The same reply, shown below a photo of this chat."""
        return msgspec.structs.replace(self, reply_to=int(photo)) if photo.isdecimal() else self

    def migrated_to(self, supergroup: int) -> "ReplyTarget":
        """The same target in the supergroup that its group has become, where no message keeps its id."""
        return msgspec.structs.replace(self, chat=supergroup, key=Migrated(self.key), reply_to=0, thread=0)

    @property
    def stands_below_its_question(self) -> bool:
        """Whether the reply is shown as a reply to the message that it answers."""
        return self.idempotency_key.split("-")[0] == str(self.reply_to)


def target_of_message(message: Message) -> ReplyTarget:
    """Where the reply to a message belongs."""
    thread = message.message_thread_id if message.is_topic_message else None
    return ReplyTarget(message.chat_id, SentMessage(message.message_id), message.message_id, thread or 0)


def target_of_update(update: Update) -> ReplyTarget | None:
    """Where the reply to a message or a pressed button belongs; None for other updates."""
    match update:
        case Update(callback_query=CallbackQuery(message=Message() as message) as query):
            return target_of_message(message).with_key(ButtonPress(query.id))
        case Update(effective_message=Message() as message):
            return target_of_message(message)
    return None


def target_of_photo(chat: int, photo: str, thread: int = 0) -> ReplyTarget:
    """Where a photo's caption belongs: below the message that brought it, if that is in this chat."""
    return ReplyTarget(chat, parse_key(photo), thread=thread).below_photo(photo)


def target_from(chat: int, correlation_data: str) -> ReplyTarget:
    """The target in correlation data. Raises ValueError for anything else."""
    text, *rest = correlation_data.split(" ", 3)
    if not rest:  # an older version's: a message's id
        return ReplyTarget(chat, SentMessage(int(text)), int(text))
    return ReplyTarget(chat, parse_key(text), int(rest[0]), int(rest[1]), "".join(rest[2:]))


def replied_message(message: Message) -> Message | None:
    """The message that a message replies to. In a forum, a message that replies to nothing has the beginning
    of its topic there: that counts as nothing."""
    target = message.reply_to_message
    return None if target is None or target.forum_topic_created else target


@cache
def _types(kind: type[ReplyKey]) -> dict[str, type]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(kind)}


@cache
def _pattern(kind: type[ReplyKey]) -> re.Pattern[str]:
    types = _types(kind)

    def group(match: re.Match[str]) -> str:
        name = match[1]
        default = {int: r"-?\d+", ReplyKey: r"\S+"}.get(types[name], r"\S+")
        is_nested = types[name] is ReplyKey
        return f"(?P<{name}>{default if is_nested else FIELD_PATTERNS.get(name, default)})"

    return re.compile(re.sub(r"\{(\w+)\}", group, kind.TEMPLATE))


def _field(kind: type[ReplyKey], name: str, value: str) -> int | str | ReplyKey:
    type_ = _types(kind)[name]
    if type_ is int:
        return int(value)
    return parse_key(value) if type_ is ReplyKey else value
