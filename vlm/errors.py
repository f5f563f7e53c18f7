"""Every error that Afterimage raises on purpose.

AfterimageError       has a `code` (stable, for programs) and a message that is safe to show
  BadRequest          the user's: shown as written
    BadImage          bytes that are no picture, or a broken one
    TooLarge          a picture or a text over its limit
    Unsupported       something that is not handled (yet)
    NotFound          no such photo
    BadSetting        an environment variable or option that cannot be right
  Unavailable         nobody's fault: "try again"
    QueueFull         admission refused, by total or by chat
    TimedOut          a job outlived its deadline
    PictureGone       its query tokens have expired, so the picture is needed again
    ModelNotFound     a checkpoint that is not on this disk and could not be fetched
  EngineFailure       ours: logged, and an apology is shown
    OutOfMemory       one picture alone does not fit the device
    Poisoned          a job that kept killing its workers
    SelfCheckFailed   the model does not see the built-in picture
  ProtocolError       ours: a sender and a receiver of different versions
    NewerVersion      the sender's is the newer: another receiver may understand it
"""

from typing import ClassVar


class AfterimageError(Exception):
    """Base of the tree. `str(error)` is safe to show to a user; `code` is stable.

    `message` may have `{named}` places for `values`: so it can be said in another language.
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
    """Its code is its parent's: who waits needs to know no more."""
