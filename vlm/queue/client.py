"""The queue as a front end sees it: submit jobs, wait for their results, list the live workers.

The keys are listed in `vlm.keys`.
"""

import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypedDict, Unpack

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from vlm import keys
from vlm.errors import BadRequest, BadSetting, QueueFull, TimedOut, TooLarge, Unavailable
from vlm.protocol import (
    Ask,
    Caption,
    Find,
    Job,
    ModelInfo,
    Priority,
    Result,
    Style,
    Task,
    Turn,
    decode_result,
    encode,
)
from vlm.queue.admission import AGE_MAX_S, POSITION, SHARE, SUBMIT
from vlm.queue.connection import connect, is_unavailable, retry_while_unavailable
from vlm.queue.streams import MAX_BLOCK_MS, Entry, Group, entries

BLOB_TTL_S: Final = 24 * 3600  # as long as workers may be away; a picture is deleted when its job ends
MAX_PICTURE_BYTES: Final = 20 * 1024 * 1024
MAX_QUESTION_CHARS: Final = 1000
MAX_QUERY_CHARS: Final = 300


class JobOptions(TypedDict, total=False):
    """Fields of `protocol.Job` that any job may have."""

    language: str
    correlation_data: str
    priority: Priority
    deadline_ms: int
    results: str


class Client:
    """A front end's access to the workers.

    queue_max, chat_max   open jobs in all, and of one chat, beyond which a job is refused
    age_max_s             how long the next job may have waited for live workers before new ones are refused
    patience_s            after which an answer or a search is not worth the work; 0: never. A caption never
                          expires, as it is remembered
    blob_ttl_s            how long a picture waits for a worker
    """

    def __init__(
        self,
        redis: Redis,
        *,
        queue_max: int = 1000,
        chat_max: int = 20,
        age_max_s: float = AGE_MAX_S,
        patience_s: float = 0,
        blob_ttl_s: int = BLOB_TTL_S,
    ) -> None:
        self._redis = redis
        self._queue_max = queue_max
        self._chat_max = chat_max
        self._age_max_ms = int(1000 * age_max_s)
        self._patience_ms = int(1000 * patience_s)
        self._blob_ttl_s = blob_ttl_s
        self._submit_script = redis.register_script(SUBMIT)
        self._position_script = redis.register_script(POSITION)

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, **limits: int) -> AsyncIterator["Client"]:
        """A client of the server at `url`, for an `async with`; `limits` as for the class.

        Raises:  BadSetting for a malformed URL, Unavailable if no server answers there.
        """
        try:
            redis = connect(url)
        except ValueError as error:
            raise BadSetting("A Redis server's URL begins with redis://, rediss:// or unix://.") from error
        async with redis:
            try:
                await redis.ping()
            except (RedisError, OSError) as error:
                raise Unavailable(
                    f"No Redis server answers: {str(error).rstrip('.')}. Start one with `vlm server`."
                ) from error
            yield cls(redis, **limits)

    async def caption(
        self,
        *,
        job: str,
        chat: int,
        photo: str | None,
        picture: bytes | None = None,
        style: Style = "normal",
        other_than: Sequence[str] = (),
        **options: Unpack[JobOptions],
    ) -> None:
        """Submit a caption of `picture`, or of a photo with live query tokens. Submitted twice, done once.

        The fields are those of `protocol.Caption`. Without a picture the result may be Refused as
        `picture_gone`: submit it again, as another job, with it.
        Raises:  TooLarge, QueueFull, Unavailable, each with a sentence for the user.
        """
        task = Caption(style=style, other_than=tuple(other_than))
        await self._submit(job, chat, task, photo, picture, options)

    async def ask(
        self,
        *,
        job: str,
        chat: int,
        photo: str | None,
        question: str,
        picture: bytes | None = None,
        turns: Sequence[Turn] = (),
        **options: Unpack[JobOptions],
    ) -> None:
        """Submit a question, in the job's language, about a picture or a photo, as for `caption`.

        Raises:  BadRequest, TooLarge, QueueFull, Unavailable, each with a sentence for the user.
        """
        task = Ask(question=clean_question(question), turns=tuple(turns))
        await self._submit(job, chat, task, photo, picture, options)

    async def find(
        self,
        *,
        job: str,
        chat: int,
        query: str = "",
        like: str | None = None,
        since_ms: int = 0,
        until_ms: int = 0,
        sender: int = 0,
        offset: int = 0,
        limit: int = 5,
        **options: Unpack[JobOptions],
    ) -> None:
        """Submit a search of the chat's photos: by a query in the job's language, or for photos `like` one.

        The fields are those of `protocol.Find`.
        Raises:  BadRequest, TooLarge, QueueFull, Unavailable, each with a sentence for the user.
        """
        task = Find(
            query="" if like else clean_query(query),
            like=like,
            since_ms=since_ms,
            until_ms=until_ms,
            sender=sender,
            offset=offset,
            limit=limit,
        )
        await self._submit(job, chat, task, None, None, options)

    async def drop_picture(self, chat: int, job: str) -> None:
        """Delete the picture of a job that has ended, if its worker died before it could."""
        await self._redis.unlink(keys.PICTURE(chat=chat, job=job))

    async def backlog(self) -> int:
        """How many jobs are open: waiting, or in a worker's hands."""
        return sum((await self.open_jobs()).values())

    async def open_jobs(self) -> dict[Priority, int]:
        """How many jobs are open, by the priority that they were submitted with."""
        interactive, busy, bulk = [int(await self._redis.xlen(key)) for key in keys.JOB_STREAMS.values()]
        return {"interactive": interactive + busy, "bulk": bulk}

    async def position(self, job: str) -> int | None:
        """How many open jobs come before this one; None if it is not open."""
        ahead = int(await self._position_script(keys=[keys.JOB_STATE(job=job), *keys.JOB_STREAMS.values()]))
        return ahead if ahead >= 0 else None

    async def has_ended(self, job: str) -> bool:
        """Whether this job was done within the last day."""
        return bool(await self._redis.get(keys.JOB_STATE(job=job)) == b"done")

    async def workers(self) -> dict[str, ModelInfo]:
        """The models of the live workers by the workers' names; empty when no worker is up."""
        return await live_workers(self._redis)

    async def models(self) -> list[ModelInfo]:
        """The models of the live workers; empty when no worker is up."""
        return list((await live_workers(self._redis)).values())

    def results(self, consumer: str, *, lease_s: float = 30) -> Group:
        """The bot's results, to show and then acknowledge: `decode_result(entry.fields[b"result"])`."""
        return Group(
            self._redis, [keys.results_key()], group=keys.DELIVERY, consumer=consumer, lease_s=lease_s
        )

    async def is_wanted(self, result: Entry) -> bool:
        """Whether one of the bot's results may be shown: not after its chat was forgotten."""
        return bool(await self._redis.xrange(result.stream, result.id, result.id))

    async def wait(self, jobs: Collection[str], *, results: str, timeout_s: float) -> AsyncIterator[Result]:
        """The results of `jobs` as they arrive, from a results stream that nobody else reads.

        Raises:  TimedOut if none has arrived for `timeout_s`.
        """
        stream, after, waiting = keys.results_key(results), "0-0", set(jobs)
        received_s, block_ms = time.monotonic(), max(1, min(MAX_BLOCK_MS, int(1000 * timeout_s)))
        while waiting:
            reply: Any = await retry_while_unavailable(self._redis.xread, {stream: after}, block=block_ms)
            for entry in entries(reply):
                after = entry.id
                result = decode_result(entry.fields[b"result"])
                if result.job in waiting:
                    waiting.remove(result.job)
                    received_s = time.monotonic()
                    yield result
            if time.monotonic() - received_s > timeout_s:
                raise TimedOut(
                    f"No answer for {timeout_s:.0f} seconds. Is a worker running? Try `vlm worker`."
                )
        await self._redis.delete(stream)

    async def _submit(
        self, id: str, chat: int, task: Task, photo: str | None, picture: bytes | None, options: JobOptions
    ) -> None:
        if picture is not None and len(picture) > MAX_PICTURE_BYTES:
            raise TooLarge(
                "This picture is larger than {most} MB. Please send a smaller one.",
                most=MAX_PICTURE_BYTES >> 20,
            )
        now_ms = _now_ms()
        if self._patience_ms and not isinstance(task, Caption):
            options.setdefault("deadline_ms", now_ms + self._patience_ms)
        has_picture = picture is not None
        job = Job(
            id=id, chat=chat, task=task, photo=photo, has_picture=has_picture, created_ms=now_ms, **options
        )
        try:
            await self._admit(job, picture)
        except RedisError as error:
            if not is_unavailable(error):
                raise
            raise Unavailable("I cannot reach my queue right now. Please try again in a minute.") from error

    async def _admit(self, job: Job, picture: bytes | None) -> None:
        blob = keys.PICTURE(chat=job.chat, job=job.id)
        if picture is not None:  # before the job, which a worker may take at once
            await self._redis.set(blob, picture, ex=self._blob_ttl_s)
        verdict: Any = await self._submit_script(
            keys=[
                keys.JOB_STATE(job=job.id),
                keys.OPEN_JOBS_BY_CHAT(),
                keys.WORKER_NAMES(),
                *keys.JOB_STREAMS.values(),
            ],
            args=[
                *(encode(job), job.priority, "bulk" if job.priority == "bulk" else "busy", job.chat),
                *(
                    self._queue_max,
                    self._chat_max,
                    SHARE,
                    self._age_max_ms,
                    keys.WORKERS,
                    keys.JOB_STATE_TTL_S,
                    keys.WORKER(name=""),
                ),
            ],
        )
        if verdict in (b"added", b"open"):
            return
        await self._redis.unlink(blob)
        if verdict == b"full":
            raise QueueFull("I have too much to do right now. Please try again in a few minutes.")
        if verdict != b"done":
            raise QueueFull(
                "You already have {most} pictures or questions waiting."
                " Please send more when the first ones are answered.",
                most=verdict,
            )


async def live_workers(redis: Redis) -> dict[str, ModelInfo]:
    """The names of the live workers, each with its model."""
    members: Any = await redis.smembers(keys.WORKER_NAMES())
    names = sorted(name.decode() for name in members)
    heartbeats: Any = await redis.mget([keys.WORKER(name=name) for name in names]) if names else []
    return {
        name: msgspec.msgpack.decode(heartbeat, type=ModelInfo)
        for name, heartbeat in zip(names, heartbeats, strict=True)
        if heartbeat
    }


def clean_question(question: str) -> str:
    """The question, stripped. Raises TooLarge, or BadRequest if there is no word in it."""
    question = question.strip()
    if len(question) > MAX_QUESTION_CHARS:
        raise TooLarge(
            "Your question has {found} characters, and I can read {most}. Please ask a shorter one.",
            found=len(question),
            most=MAX_QUESTION_CHARS,
        )
    if not any(character.isalnum() for character in question):
        raise BadRequest("Please ask in words, for example: What colour is the background?")
    return question


def clean_query(text: str) -> str:
    """A search query without blanks around it. Raises TooLarge, or BadRequest when there is no word in it."""
    text = text.strip()
    if len(text) > MAX_QUERY_CHARS:
        raise TooLarge(
            "Your search has {found} characters, and I can use {most}. Please shorten it.",
            found=len(text),
            most=MAX_QUERY_CHARS,
        )
    if not any(character.isalnum() for character in text):
        raise BadRequest("Please say in words what to look for, for example: red bicycle.")
    return text


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
