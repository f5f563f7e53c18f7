"""What the memory does atomically, in Lua. A script on one photo is given `script_keys` as KEYS."""

from typing import Final

from vlm import keys
from vlm.queue.streams import EFFECTS

# The names of a photo's and its chat's keys in the scripts, in the order of KEYS.
PHOTO_KEYS: Final = {"photo": keys.PHOTO, "links": keys.LINKS, "turns": keys.TURNS, "tokens": keys.TOKENS}
CHAT_KEYS: Final = {
    "photos": keys.PHOTOS,
    "messages": keys.MESSAGES,
    "changes": keys.CHANGES,
    "forgotten": keys.FORGOTTEN,
    "moved": keys.MIGRATED,
}
NAMES: Final = (*PHOTO_KEYS, *CHAT_KEYS)
KEYS: Final = f"local {', '.join(NAMES)} = unpack(KEYS)\n"


def photo_keys(chat: int, photo: str) -> list[str]:
    """The keys that a photo has to itself."""
    return [key(chat=chat, photo=photo) for key in PHOTO_KEYS.values()]


def script_keys(chat: int, photo: str) -> list[str]:
    """KEYS of the scripts on one photo."""
    return [*photo_keys(chat, photo), *(key(chat=chat) for key in CHAT_KEYS.values())]


# A version is the server's clock in µs, or the last version plus one. So it grows even if everything was
# forgotten in between, and no counter has to stay behind.
CHANGED: Final = """
local function changed(id)
  local now = redis.call('TIME')
  local version = now[1] * 1000000 + now[2]
  local last = tonumber(redis.call('ZSCORE', changes, '') or 0)
  if version <= last then version = last + 1 end
  version = string.format('%.0f', version)
  redis.call('ZADD', changes, version, '')
  if id then redis.call('ZADD', changes, version, id) end
end
local function was_forgotten(id, score)
  local mark = redis.call('HMGET', forgotten, id, '')
  return mark[1] or (mark[2] and tonumber(score) <= tonumber(mark[2]))
end
"""

# A photo exists while it is in `photos`: nothing is written to a chat that is being forgotten.
START: Final = EFFECTS + KEYS + CHANGED

REMEMBER: Final = (
    START
    + """
-- ARGV id, sort score, how many of the rest are facts and values, facts and values, texts and values.
-- Returns 0: forgotten, -1: the chat was migrated, 1: remembered
if redis.call('EXISTS', moved) == 1 then return -1 end
local id, facts = ARGV[1], tonumber(ARGV[3])
if was_forgotten(id, ARGV[2]) then return 0 end
redis.call('HSET', photo, unpack(ARGV, 4, 3 + facts))
for i = 4 + facts, #ARGV, 2 do redis.call('HSETNX', photo, ARGV[i], ARGV[i + 1]) end
redis.call('ZADD', photos, ARGV[2], id)
redis.call('HSET', messages, id, id)
redis.call('SADD', links, id)
changed(id)
return 1
"""
)

WRITE: Final = (
    START
    + """
-- ARGV id, whether a search reads it, the key's index in KEYS, command, its arguments
-- Returns 0: no such photo
if not redis.call('ZSCORE', photos, ARGV[1]) then return 0 end
redis.call(ARGV[4], KEYS[tonumber(ARGV[3])], unpack(ARGV, 5))
if ARGV[2] == '1' then changed(ARGV[1]) end
return 1
"""
)

LINK: Final = (
    KEYS
    + """
-- ARGV id, message. Returns 0: no such photo
if not redis.call('ZSCORE', photos, ARGV[1]) then return 0 end
redis.call('HSET', messages, ARGV[2], ARGV[1])
redis.call('SADD', links, ARGV[2])
return 1
"""
)

DROP: Final = (
    START
    + """
-- ARGV id, for how many s it must not come back. Returns how many photos were removed
for _, message in ipairs(redis.call('SMEMBERS', links)) do
  -- it may lead to another photo meanwhile
  if redis.call('HGET', messages, message) == ARGV[1] then redis.call('HDEL', messages, message) end
end
redis.call('UNLINK', photo, links, turns, tokens)
local known = redis.call('ZREM', photos, ARGV[1])
redis.call('ZREM', changes, ARGV[1])
if redis.call('EXISTS', photos) == 0 then redis.call('UNLINK', changes) elseif known == 1 then changed() end
if known == 1 and tonumber(ARGV[2]) > 0 then
  redis.call('HSET', forgotten, ARGV[1], '')
  redis.call('EXPIRE', forgotten, ARGV[2])
end
return known
"""
)

CLEAR: Final = (
    EFFECTS
    + """
-- KEYS photos, forgetting, forgotten, the chat's other keys...
-- ARGV for how many s nothing must come back, up to when in µs (0: now), the prefix of photos' keys
-- From here on the chat has no photo. Returns how many photos are to be removed; -1, and nothing is done,
-- if some arrived later
local photos, forgetting, forgotten = unpack(KEYS)
for _, id in ipairs(ARGV[2] == '0' and {} or redis.call('ZREVRANGE', photos, 0, -1)) do
  if tonumber(redis.call('HGET', ARGV[3] .. id, 'arrival_us') or 0) > tonumber(ARGV[2]) then return -1 end
end
local last = redis.call('ZREVRANGE', photos, 0, 0, 'WITHSCORES')[2]
if last then
  local mark = tonumber(redis.call('HGET', forgotten, '') or 0)
  if tonumber(last) > mark then redis.call('HSET', forgotten, '', last) end
  redis.call('EXPIRE', forgotten, ARGV[1])
  if redis.call('EXISTS', forgetting) == 1 then -- an earlier call was interrupted
    redis.call('ZUNIONSTORE', forgetting, 2, forgetting, photos)
    redis.call('UNLINK', photos)
  else
    redis.call('RENAME', photos, forgetting)
  end
end
redis.call('UNLINK', unpack(KEYS, 4))
return redis.call('ZCARD', forgetting)
"""
)

ADOPT: Final = (
    START
    + """
-- ARGV id, sort score, dumps of photo, turns and tokens ('': none), the tokens' TTL in ms, messages...
if was_forgotten(ARGV[1], ARGV[2]) or redis.call('ZSCORE', photos, ARGV[1]) then return 0 end
redis.call('RESTORE', photo, 0, ARGV[3], 'REPLACE')
if ARGV[4] ~= '' then redis.call('RESTORE', turns, 0, ARGV[4], 'REPLACE') end
if ARGV[5] ~= '' and tonumber(ARGV[6]) > 0 then
  redis.call('RESTORE', tokens, ARGV[6], ARGV[5], 'REPLACE')
end
redis.call('ZADD', photos, ARGV[2], ARGV[1])
for i = 7, #ARGV do
  redis.call('HSET', messages, ARGV[i], ARGV[1])
  redis.call('SADD', links, ARGV[i])
end
changed(ARGV[1])
return 1
"""
)

# Decoding a dozen values of ten thousand photos takes a client a second: the texts of many come as one value.

SEARCHABLE: Final = """
-- KEYS one photo's each; ARGV their ids, names of fields
-- Returns all photos packed (false for none), then vectors
local rows, reply = {}, {false}
for i, key in ipairs(KEYS) do
  local values, row = redis.call('HMGET', key, 'vectors', unpack(ARGV, #KEYS + 1)), {id = ARGV[i]}
  for j = 2, #values do
    if values[j] and values[j] ~= '' then row[ARGV[#KEYS + j - 1]] = values[j] end
  end
  rows[i] = row.file_id and row or false
  reply[i + 1] = values[1]
end
reply[1] = cmsgpack.pack(rows)
return reply
"""

# These may read all photos of a chat: the server reads 10,000 in about 10 ms, a client in a second.

FIND_PHOTOS: Final = """
-- KEYS photos; ARGV the prefix of their keys, first and last rank, count, sender and topic ('': any)
-- Returns ids, newest first
local ids, sender, topic = {}, ARGV[5], ARGV[6]
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], ARGV[2], ARGV[3])) do
  local is = redis.call('HMGET', ARGV[1] .. id, 'sender', 'topic')
  local fits = (sender == '' or is[1] == sender) and (topic == '' or (is[2] or '0') == topic)
  if fits then ids[#ids + 1] = id end
  if #ids == tonumber(ARGV[4]) then break end
end
return ids
"""

SENDER_NAMED: Final = """
-- KEYS photos; ARGV the prefix of their keys, a name in lower case. Returns a sender
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
  local by = redis.call('HMGET', ARGV[1] .. id, 'sender', 'sender_name')
  if by[2] and (' ' .. by[2]:lower() .. ' '):find(' ' .. ARGV[2] .. ' ', 1, true) then return by[1] end
end
"""
