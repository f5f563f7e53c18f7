"""What travels through Redis: jobs to the workers, results back. Versioned msgspec structs, in MessagePack.

Each version reads what the version before wrote, and answers a job in the job's own version. So fields are
only added, with defaults; a field is removed once no version that needs it is read. What a newer version
wrote is left to processes of that version, for UPGRADE_S.

A `Job` holds a photo's id, never its bytes: these wait in `blob:{chat}:JOB` while the job is open.
`correlation_data` (encoded as `ticket`) belongs to the submitter of a job and comes back unchanged with its
result.

    English    what models speak: captions, turns and the words of a search are stored in English
    language   of a job's question and its answer: a tag as Telegram has them ('pt-br'); '': English
"""

from typing import Final, Literal, TypeVar

import msgspec

from vlm.errors import NewerVersion, ProtocolError

VERSION: Final = 2
UPGRADE_S: Final = 600.0  # by then, processes of a newer version have been started

Priority = Literal["interactive", "bulk"]
Style = Literal["short", "normal", "detailed"]
RESULTS: Final = "results"  # the stream that the bot reads


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One question about a photo and the answer that was given."""

    question: str
    answer: str


class Caption(msgspec.Struct, frozen=True, kw_only=True, tag="caption"):
    """A caption of the picture. `other_than`: English captions used before; the new one must differ."""

    style: Style = "normal"
    other_than: tuple[str, ...] = ()


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """An answer to a question about the picture, given the last turns about it.

    question   in the job's language
    turns      in English
    """

    question: str
    turns: tuple[Turn, ...] = ()


class Find(msgspec.Struct, frozen=True, kw_only=True, tag="find"):
    """A search of the chat's photos: by a query in the job's language, or for photos similar to one of them.

    query               '' with `like`
    like                a photo's id
    since_ms, until_ms  Unix times: photos that arrived from the first on, before the second; 0: no limit
    sender              who sent them; 0: anyone
    offset, limit       which of the hits, best first
    """

    query: str = ""
    like: str | None = None
    since_ms: int = 0
    until_ms: int = 0
    sender: int = 0
    offset: int = 0
    limit: int = 5


Task = Caption | Ask | Find


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One task for one chat.

    id            derived by the submitter from the update, so that a job submitted twice runs once
    photo         the photo's id in the chat's memory; None: nothing is remembered
    has_picture   whether the bytes wait in `blob:{chat}:JOB`
    results       the name of the stream for the result
    language      of the question or query, and of the answer
    deadline_ms   Unix time after which nobody waits for the result; 0: never
    """

    version: int = VERSION
    id: str
    chat: int
    task: Task
    photo: str | None = None
    has_picture: bool = False
    priority: Priority = msgspec.field(default="interactive", name="lane")
    results: str = RESULTS
    correlation_data: str = msgspec.field(default="", name="ticket")
    language: str = ""
    created_ms: int
    deadline_ms: int = 0


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which model answers. `revision` changes whenever its vectors or query tokens do.

    `knows` is a sentence for users about what it can see, '' for a general model; `languages` are the codes
    of those that it can write besides English. `protocol` is the version of what its worker reads and writes.
    """

    name: str
    revision: str
    knows: str = ""
    languages: tuple[str, ...] = ()
    protocol: int = VERSION


class Answered(msgspec.Struct, frozen=True, kw_only=True, tag="answered"):
    """The model's text.

    text                 in English
    localized_text       in the job's language; '': the same as `text`
    translation_failed   the text stayed English, although the job's language is another
    question             the user's question, in English; '' for a caption
    """

    text: str
    localized_text: str = msgspec.field(default="", name="shown")
    translation_failed: bool = msgspec.field(default=False, name="fell_back")
    question: str = ""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that was found, and why.

    score    0 to 1; above a half it is a hit
    words    the query's words, in English, that its text has
    copies   older near-identical photos, which it stands for
    """

    photo: str
    score: float
    words: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True, tag="found"):
    """Hits from the task's offset on, best first, of `total`; `nearest` is an offer where there are none."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    nearest: Hit | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """Why there is no answer: an error's code (`vlm.errors`), its safe message, and what fills its places."""

    code: str
    message: str
    values: dict[str, str | int] = {}

    @property
    def text(self) -> str:
        """The message in English."""
        return self.message.format(**self.values) if self.values else self.message


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended. `waited_ms` in the queue, `ran_ms` in the batch that it was part of.

    `language` is the job's, so that it can be submitted once more.
    """

    version: int = VERSION
    job: str
    chat: int
    task: Task
    outcome: Answered | Found | Refused
    photo: str | None = None
    correlation_data: str = msgspec.field(default="", name="ticket")
    language: str = ""
    model: str = ""
    waited_ms: int = 0
    ran_ms: int = 0


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a job that every version shares: enough to tell its sender that it was not understood."""

    version: int
    id: str
    chat: int
    correlation_data: str = msgspec.field(default="", name="ticket")
    results: str = RESULTS


class ResultEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a result that every version shares: enough to tell the user that it was not understood."""

    version: int
    job: str
    chat: int
    photo: str | None = None
    correlation_data: str = msgspec.field(default="", name="ticket")


Message = TypeVar("Message", Job, Result)
Shared = TypeVar("Shared", Envelope, ResultEnvelope)


def encode(message: Job | Result) -> bytes:
    """MessagePack bytes of a job or a result."""
    return msgspec.msgpack.encode(message)


def decode_job(data: bytes) -> Job:
    """The job in `data`, of this version or the one before.

    Raises:  NewerVersion, or ProtocolError for an older one and for anything that is not a job.
    """
    return _decode(data, Job, decode_envelope(data).version)


def decode_result(data: bytes) -> Result:
    """The result in `data`, of this version or the one before. Raises as `decode_job` does."""
    return _decode(data, Result, decode_result_envelope(data).version)


def decode_envelope(data: bytes) -> Envelope:
    """Who sent a job, whatever its version. Raises ProtocolError if not even that can be read."""
    return _decode_shared(data, Envelope, "job")


def decode_result_envelope(data: bytes) -> ResultEnvelope:
    """Whom a result is for, whatever its version. Raises ProtocolError if not even that can be read."""
    return _decode_shared(data, ResultEnvelope, "result")


def _decode_shared(data: bytes, kind: type[Shared], name: str) -> Shared:
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise ProtocolError(f"not a {name} of any version: {error}") from error


def _decode(data: bytes, kind: type[Message], version: int) -> Message:
    name = kind.__name__.lower()
    if not VERSION - 1 <= version <= VERSION:
        error = NewerVersion if version > VERSION else ProtocolError
        raise error(f"a {name} of version {version}; this process reads {VERSION - 1} and {VERSION}")
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise ProtocolError(f"not a {name} of version {version}: {error}") from error
