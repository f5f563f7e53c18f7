"""Every error that Afterimage raises on purpose.

AfterimageError       has a stable `code` for programs, and a message that is safe to show
  BadRequest          the user's fault: shown as written
    BadImage          bytes that are no picture, or a broken picture
    TooLarge          a picture or a text above its limit
    Unsupported       not handled (yet)
    NotFound          no such photo
    BadSetting        a wrong environment variable or option
  Unavailable         nobody's fault: "try again"
    QueueFull         too many open jobs, in all or of the chat
    TimedOut          a job outlived its deadline
    PictureGone       the query tokens have expired, so the picture is needed again
    ModelNotFound     a checkpoint that is not on this disk and could not be downloaded
  EngineFailure       our fault: logged, and an apology is shown
    OutOfMemory       a single picture does not fit the device
    Poisoned          a job that kept killing its workers
    SelfCheckFailed   the model does not describe the built-in picture correctly
  ProtocolError       our fault: a sender and a receiver of different versions
    NewerVersion      the sender is newer: another receiver may understand it
"""

from typing import ClassVar


class AfterimageError(Exception):
    """The base class. `str(error)` is safe to show to a user; `code` is stable.

    `message` may have `{named}` placeholders for `values`, so that it can be translated.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "", **values: str | int) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message, self.values = message, values


class BadRequest(AfterimageError):
    code = "bad_request"


class BadImage(BadRequest):
    code = "bad_image"


class TooLarge(BadRequest):
    code = "too_large"


class Unsupported(BadRequest):
    code = "unsupported"


class NotFound(BadRequest):
    code = "not_found"


class BadSetting(BadRequest):
    code = "bad_setting"


class Unavailable(AfterimageError):
    code = "unavailable"


class QueueFull(Unavailable):
    code = "queue_full"


class TimedOut(Unavailable):
    code = "timed_out"


class PictureGone(Unavailable):
    code = "picture_gone"


class ModelNotFound(Unavailable):
    code = "model_not_found"


class EngineFailure(AfterimageError):
    code = "engine_failure"


class OutOfMemory(EngineFailure):
    code = "out_of_memory"


class Poisoned(EngineFailure):
    code = "poisoned"


class SelfCheckFailed(EngineFailure):
    code = "self_check_failed"


class ProtocolError(AfterimageError):
    code = "protocol"


class NewerVersion(ProtocolError):
    """Has the code of its parent: clients need no distinction."""
