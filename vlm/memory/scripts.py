"""What the memory does in one step, in Lua. The keys' names are those of `vlm.memory.keys`."""

from typing import Final

from vlm.memory.keys import KEYS
from vlm.queue.streams import EFFECTS

# An edition is the server's clock in µs, or one more than the last: it grows even when all was forgotten in
# between, so that nobody takes the new for the old, and no counter needs to be left behind.
CHANGED: Final = """
local function changed(id)
  local now = redis.call('TIME')
  local edition = now[1] * 1000000 + now[2]
  local last = tonumber(redis.call('ZSCORE', changes, '') or 0)
  if edition <= last then edition = last + 1 end
  edition = string.format('%.0f', edition)
  redis.call('ZADD', changes, edition, '')
  if id then redis.call('ZADD', changes, edition, id) end
end
local function was_forgotten(id, place)
  local mark = redis.call('HMGET', forgotten, id, '')
  return mark[1] or (mark[2] and tonumber(place) <= tonumber(mark[2]))
end
"""

# A photo is known while it stands in `photos`: a chat that is being forgotten is written to no more.
START: Final = EFFECTS + KEYS + CHANGED

REMEMBER: Final = (
    START
    + """
-- ARGV id, place, how many of the rest are facts, facts and values, words and values. 0: forgotten; -1: moved
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
-- ARGV id, whether a search sees it, the key's place in KEYS, command, what follows. 0: not known
if not redis.call('ZSCORE', photos, ARGV[1]) then return 0 end
redis.call(ARGV[4], KEYS[tonumber(ARGV[3])], unpack(ARGV, 5))
if ARGV[2] == '1' then changed(ARGV[1]) end
return 1
"""
)

LINK: Final = (
    KEYS
    + """
-- ARGV id, message. 0: not known
if not redis.call('ZSCORE', photos, ARGV[1]) then return 0 end
redis.call('HSET', messages, ARGV[2], ARGV[1])
redis.call('SADD', links, ARGV[2])
return 1
"""
)

DROP: Final = (
    START
    + """
-- ARGV id, for how many s it must not come back. Returns how many photos that were
for _, message in ipairs(redis.call('SMEMBERS', links)) do
  -- it may lead to another photo by now
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
-- ARGV for how many s nothing must come back, up to when in µs (0: now), what photos' keys begin with
-- From here on the chat knows no photo. Returns how many photos are to be removed; -1, and nothing is done,
-- if some came later
local photos, forgetting, forgotten = unpack(KEYS)
for _, id in ipairs(ARGV[2] == '0' and {} or redis.call('ZREVRANGE', photos, 0, -1)) do
  if tonumber(redis.call('HGET', ARGV[3] .. id, 'arrival_us') or 0) > tonumber(ARGV[2]) then return -1 end
end
local last = redis.call('ZREVRANGE', photos, 0, 0, 'WITHSCORES')[2]
if last then
  local mark = tonumber(redis.call('HGET', forgotten, '') or 0)
  if tonumber(last) > mark then redis.call('HSET', forgotten, '', last) end
  redis.call('EXPIRE', forgotten, ARGV[1])
  if redis.call('EXISTS', forgetting) == 1 then -- an earlier time was cut short
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
-- ARGV id, place, dumps of photo, turns and tokens ('': none), the tokens' TTL in ms, messages...
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

# Ten thousand times a dozen values are a second's work for a client, so the words of many photos come as one.

SEARCHABLE: Final = """
-- KEYS photos' own; ARGV their ids, names of fields. Returns the photos in one, false for none; then vectors
local rows, found = {}, {false}
for i, key in ipairs(KEYS) do
  local values, row = redis.call('HMGET', key, 'vectors', unpack(ARGV, #KEYS + 1)), {id = ARGV[i]}
  for j = 2, #values do
    if values[j] and values[j] ~= '' then row[ARGV[#KEYS + j - 1]] = values[j] end
  end
  rows[i] = row.file_id and row or false
  found[i + 1] = values[1]
end
found[1] = cmsgpack.pack(rows)
return found
"""

# Each looks at all photos of a chat if need be: a server reads 10,000 in some 10 ms, a client in a second.

OF_WHOM: Final = """
-- KEYS photos; ARGV what their keys begin with, first and last rank, count, sender and topic ('': any)
-- Returns ids, newest first
local found, sender, topic = {}, ARGV[5], ARGV[6]
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], ARGV[2], ARGV[3])) do
  local is = redis.call('HMGET', ARGV[1] .. id, 'sender', 'topic')
  local fits = (sender == '' or is[1] == sender) and (topic == '' or (is[2] or '0') == topic)
  if fits then found[#found + 1] = id end
  if #found == tonumber(ARGV[4]) then break end
end
return found
"""

SENDER_NAMED: Final = """
-- KEYS photos; ARGV what their keys begin with, a name in lower case. Returns a sender
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
  local by = redis.call('HMGET', ARGV[1] .. id, 'sender', 'sender_name')
  if by[2] and (' ' .. by[2]:lower() .. ' '):find(' ' .. ARGV[2] .. ' ', 1, true) then return by[1] end
end
"""
