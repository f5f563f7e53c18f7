"""What a worker writes into a chat's memory, and reads there: what its model saw of a photo and said of it.

Every write is an upsert: a job may be done twice.
"""

import numpy as np
from numpy.typing import NDArray

from vlm.engine.base import Encoded, QueryTokens
from vlm.memory import Array, Memory
from vlm.protocol import Answered, Ask, Caption, Job, Turn
from vlm.queue.connection import retry_while_unavailable
from vlm.worker.jobs import End


class ResultRecorder:
    """`revision` is the model's: what another one saw is not read."""

    def __init__(self, memory: Memory, revision: str) -> None:
        self._memory = memory
        self._revision = revision

    async def tokens(self, chat: int, photo: str) -> QueryTokens | None:
        """The query tokens that are kept of a photo. [Q, D]"""
        tokens = await retry_while_unavailable(self._memory.tokens, chat, photo)
        return _unpacked(tokens) if tokens and tokens.revision == self._revision else None

    async def write(self, job: Job, photo: str, end: End) -> None:
        """Keep what a job about a photo came to."""
        if end.encoded:
            await self._keep(job.chat, photo, end.encoded)
        match end.outcome, job.task:
            case Answered(text=text), Caption(other_than=given) if text in given:
                pass  # there are no other words: those that stand there stay
            case Answered(text=text, shown=shown), Caption():
                await retry_while_unavailable(
                    self._memory.describe,
                    job.chat,
                    photo,
                    caption=text,
                    revision=self._revision,
                    shown=shown,
                    language=job.language if shown else "",
                )
            case Answered(text=text, shown=shown, question=question), Ask(question=asked):
                await retry_while_unavailable(
                    self._memory.add_turn,
                    job.chat,
                    photo,
                    job=job.id,
                    turn=Turn(question=question, answer=text),
                    at_ms=job.created_ms,
                    shown=shown,
                    asked="" if asked == question else asked,
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
    # copy: what frombuffer returns cannot be written to, and torch warns of that
    return np.frombuffer(array.data, np.float16).reshape(array.shape).copy()
