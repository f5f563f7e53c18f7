"""Every Redis key of the queue and of the chats' memory. The bot's own keys are in `bot.state.keys`.

The queue's keys share the hash tag {afterimage}, so that scripts and transactions may span them.
The keys of a chat share the tag {CHAT}: on a cluster, a chat lives on one shard. A test scans a
much-used server and fails for a key that no registry knows.

A finished entry leaves its stream, so the length of a stream is the number of its open jobs. No
stream of jobs or results is ever trimmed, which would drop work in progress: when the queue is
full, `vlm.queue.admission` refuses new jobs.

Fields of the hashes:

    PHOTO      file_id, file_unique_id, kind, sender, sender_name, created_ms, topic, arrival_us (front end)
               caption, revision, shown, language, vectors (worker)
               note, corrected, given (owner)
    TURNS      job id -> question, answer, time
    MESSAGES   message id -> photo id, for the bot's own messages too
    CHANGES    photo id -> the version that changed it last; '' -> the chat's version
    FORGOTTEN  photo id -> ''; '' -> the sort score in PHOTOS up to which everything is forgotten
"""

import re
from dataclasses import dataclass
from string import Formatter
from typing import Final, Literal

Type = Literal["string", "hash", "list", "set", "zset", "stream"]
Forget = Literal["with its photo", "with its chat", "never"]


@dataclass(frozen=True, slots=True)
class Key:
    """One kind of Redis key.

    pattern   the name, with `{named}` parts; the braces of hash tags are doubled: `photo:{{{chat}}}:{photo}`
    type      the Redis type of its value
    owner     which process writes it: bot, worker, client ...
    lifetime  how long it stays, in words
    forget    when `/forget` removes it; of a key that chats share, their fields or entries
    """

    pattern: str
    type: Type
    owner: str
    lifetime: str
    forget: Forget = "never"

    def __call__(self, **parts: int | str) -> str:
        """The key's name for these parts: `PHOTO(chat=1, photo="2")`."""
        return self.pattern.format(**parts)

    def matches(self, name: str) -> bool:
        """Whether a key found on the server is of this kind."""
        regex = "".join(
            re.escape(literal) + ("" if field is None else ".+")
            for literal, field, _, _ in Formatter().parse(self.pattern)
        )
        return re.fullmatch(regex, name) is not None


# The queue.

JobStream = Literal["interactive", "busy", "bulk"]

JOBS: Final = Key(
    "{{afterimage}}:jobs:{stream}", "stream", "client", "a job's entry until it is finished", "with its chat"
)
JOB_STREAMS: Final[dict[JobStream, str]] = {  # the first is served first
    "interactive": JOBS(stream="interactive"),
    "busy": JOBS(stream="busy"),  # beyond a chat's share: the room that a batch has left
    "bulk": JOBS(stream="bulk"),  # one place in a batch; all of it while nobody waits
}
JOB_STATE: Final = Key(  # 'STREAM ENTRY' while the job is open, then 'done'
    "{{afterimage}}:job:{job}", "string", "client", "a day"
)
OPEN_JOBS_BY_CHAT: Final = Key(
    "{{afterimage}}:load", "hash", "client", "a chat's field while it has open jobs", "with its chat"
)
RESULTS: Final = Key(
    "{{afterimage}}:results", "stream", "worker", "until the bot has shown them", "with its chat"
)
OWN_RESULTS: Final = Key(  # of one program that waits for its own jobs
    "{{afterimage}}:results:{name}", "stream", "worker", "an hour after the last"
)
WORKER_NAMES: Final = Key("{{afterimage}}:workers", "set", "worker", "until the worker leaves")
WORKER: Final = Key("{{afterimage}}:worker:{name}", "string", "worker", "a lease after the last heartbeat")
DEAD_LETTERS: Final = Key(
    "{{afterimage}}:dead",
    "stream",
    "worker",
    "the last thousand, as long as photos are kept",
    "with its chat",
)
PICTURE: Final = Key(  # the bytes of a picture on its way to a worker
    "blob:{{{chat}}}:{job}", "string", "client", "until the job ends; a day at most", "with its chat"
)

# A chat's memory. A photo's id is the id of the message that brought it.

PHOTOS: Final = Key("photos:{{{chat}}}", "zset", "client", "until forgotten or expired", "with its chat")
MESSAGES: Final = Key("messages:{{{chat}}}", "hash", "client", "as long as the photos", "with its chat")
CHANGES: Final = Key("changes:{{{chat}}}", "zset", "client, worker", "as long as the photos", "with its chat")
PREFERENCES: Final = Key("chat:{{{chat}}}", "hash", "client", "until forgotten", "with its chat")
PHOTO: Final = Key(
    "photo:{{{chat}}}:{photo}", "hash", "client, worker", "until forgotten or expired", "with its photo"
)
LINKS: Final = Key("links:{{{chat}}}:{photo}", "set", "client", "as long as the photo", "with its photo")
TURNS: Final = Key("turns:{{{chat}}}:{photo}", "hash", "worker", "as long as the photo", "with its photo")
TOKENS: Final = Key(
    "tokens:{{{chat}}}:{photo}", "string", "worker", "a week after the last use", "with its photo"
)
FORGETTING: Final = Key("forgetting:{{{chat}}}", "zset", "client", "while photos are being removed")
FORGOTTEN: Final = Key(
    "forgotten:{{{chat}}}", "hash", "client", "a day, so that late updates bring no photo back"
)
MIGRATED: Final = Key("moved:{{{chat}}}", "string", "client", "a day after a group became a supergroup")

KEYS: Final = (
    *(JOBS, JOB_STATE, OPEN_JOBS_BY_CHAT, RESULTS, OWN_RESULTS, WORKER_NAMES, WORKER, DEAD_LETTERS, PICTURE),
    *(PHOTOS, MESSAGES, CHANGES, PREFERENCES, PHOTO, LINKS, TURNS, TOKENS),
    *(FORGETTING, FORGOTTEN, MIGRATED),
)


WORKERS: Final = "workers"  # the consumer group of JOBS
DELIVERY: Final = "delivery"  # the consumer group of RESULTS
JOB_STATE_TTL_S: Final = 24 * 3600
OWN_RESULTS_TTL_S: Final = 3600


def results_key(name: str = "results") -> str:
    """The stream for `Job.results`: `results`, or `results:NAME`."""
    return f"{{afterimage}}:{name}"


def chat_of(key: bytes) -> int:
    """The chat that a key belongs to; 0: none."""
    tag = re.search(rb"\{(-?\d+)\}", key)
    return int(tag[1]) if tag else 0
