"""What a worker reads from and writes to a chat's memory: query tokens, vectors, captions and answers.

Every write is an upsert, because a job may run twice.
"""

import numpy as np
from numpy.typing import NDArray

from vlm.engine.base import Encoded, QueryTokens
from vlm.memory import Array, Memory
from vlm.protocol import Answered, Ask, Caption, Job, Turn
from vlm.queue.connection import retry_while_unavailable
from vlm.worker.pipeline import JobOutcome


class ResultRecorder:
    """`revision` is the model's: tokens of another revision are not read."""

    def __init__(self, memory: Memory, revision: str) -> None:
        self._memory = memory
        self._revision = revision

    async def tokens(self, chat: int, photo: str) -> QueryTokens | None:
        """The cached query tokens of a photo, [Q, D], if they are of this model."""
        tokens = await retry_while_unavailable(self._memory.tokens, chat, photo)
        return _unpacked(tokens) if tokens and tokens.revision == self._revision else None

    async def write(self, job: Job, photo: str, outcome: JobOutcome) -> None:
        """Store the outcome of a job about a photo."""
        if outcome.encoded:
            await self._keep(job.chat, photo, outcome.encoded)
        match outcome.answer, job.task:
            case Answered(text=text), Caption(other_than=used_captions) if text in used_captions:
                pass  # there is no other wording: the stored caption stays
            case Answered(text=text, localized_text=localized_text), Caption():
                await retry_while_unavailable(
                    self._memory.describe,
                    job.chat,
                    photo,
                    caption=text,
                    revision=self._revision,
                    shown=localized_text,
                    language=job.language if localized_text else "",
                )
            case Answered(text=text, localized_text=localized_text, question=question), Ask(question=typed):
                await retry_while_unavailable(
                    self._memory.add_turn,
                    job.chat,
                    photo,
                    job=job.id,
                    turn=Turn(question=question, answer=text),
                    at_ms=job.created_ms,
                    shown=localized_text,
                    asked="" if typed == question else typed,
                )

    async def _keep(self, chat: int, photo: str, encoded: Encoded) -> None:
        await retry_while_unavailable(
            self._memory.keep_tokens, chat, photo, _packed(encoded.tokens, self._revision)
        )
        if encoded.vectors is not None:
            await retry_while_unavailable(
                self._memory.keep_vectors, chat, photo, _packed(encoded.vectors, self._revision)
            )


def _packed(array: NDArray[np.float16], revision: str) -> Array:
    return Array(data=array.tobytes(), shape=array.shape, revision=revision)


def _unpacked(array: Array) -> QueryTokens:
    # copy: the array of frombuffer is read-only, and torch warns about that
    return np.frombuffer(array.data, np.float16).reshape(array.shape).copy()
