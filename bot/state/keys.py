"""Every Redis key that the bot reads or writes. The queue's and the memory's are in `vlm.keys`."""

from typing import Final

from vlm.keys import Key

# Of a chat.
SENT_MESSAGES: Final = Key(
    "said:{{{chat}}}", "hash", "outbox", "a week after the last message", "with its chat"
)
EDITING: Final = Key("editing:{{{chat}}}:{key}", "string", "outbox", "seconds, while a placeholder is edited")
ALBUMS: Final = Key(
    "albums:{{{chat}}}", "hash", "album store", "a year after the last album", "with its chat"
)
PENDING_EDITS: Final = Key(
    "prompts:{{{chat}}}", "hash", "pending edits", "a day after the last", "with its chat"
)
CALLED_ALBUMS: Final = Key(
    "called:{{{chat}}}", "set", "addressing", "a minute after the last mention", "with its chat"
)
CHAT_ADMINS: Final = Key("admins:{{{chat}}}", "set", "chat admins", "two minutes", "with its chat")
SLOWED_DOWN: Final = Key("slow:{{{chat}}}", "string", "rate limiter", "as long as Telegram says")
SENT_TIMES: Final = Key("sent:{{{chat}}}", "list", "rate limiter", "a minute after the last message")
RATE_LIMIT_NOTICE: Final = Key(
    "waits:{{{chat}}}", "string", "rate limit notice", "until nothing waits; ten minutes at most"
)

# Of the bot.
BOT_ID: Final = Key("{{afterimage}}:bot", "string", "journal", "for ever")
UPDATES: Final = Key("{{afterimage}}:updates", "stream", "journal", "until handled")
UPDATE_SEEN: Final = Key("{{afterimage}}:update:{update}", "string", "journal", "a day")
OFFSET: Final = Key("{{afterimage}}:offset", "string", "journal", "six days")
POLLER: Final = Key("{{afterimage}}:poller", "string", "journal", "a lease")
EXPORTS: Final = Key("{{afterimage}}:exports", "stream", "exporter", "until sent")
ALLOWLIST: Final = Key("{{afterimage}}:guests:{access}", "set", "allowlist", "until revoked")
INVITATION: Final = Key("{{afterimage}}:invite:{hash}", "string", "allowlist", "a week, or until used")
JOB_STATS: Final = Key("{{afterimage}}:tally", "list", "job stats", "the last 2000 jobs")
SWEPT: Final = Key("{{afterimage}}:swept", "string", "retention", "a day")
MENUS: Final = Key("menus", "hash", "command menus", "for ever")

KEYS: Final = (
    SENT_MESSAGES,
    EDITING,
    ALBUMS,
    PENDING_EDITS,
    CALLED_ALBUMS,
    CHAT_ADMINS,
    SLOWED_DOWN,
    SENT_TIMES,
    RATE_LIMIT_NOTICE,
    BOT_ID,
    UPDATES,
    UPDATE_SEEN,
    OFFSET,
    POLLER,
    EXPORTS,
    ALLOWLIST,
    INVITATION,
    JOB_STATS,
    SWEPT,
    MENUS,
)
# Those that the memory forgets, and drops when a group moves, with everything else of a chat.
CHAT_KEYS: Final = tuple(key for key in KEYS if key.forget == "with its chat")
