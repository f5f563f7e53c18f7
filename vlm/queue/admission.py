"""Which jobs the queue accepts, and into which stream. The server decides, so that many front ends agree.

    open jobs of a chat        its next job
    fewer than SHARE           goes to the stream of its priority
    SHARE or more              goes to `busy`, behind every chat that has fewer; bulk jobs stay in `bulk`
    as many as free places     refused: the last places are left to chats with few open jobs
    chat_max                   refused

All jobs are refused when the queue is full. While a worker lives, all but bulk jobs are refused when the next
job of their stream has waited too long. While none lives, jobs wait for one.
"""

from typing import Final

from vlm.queue.streams import EFFECTS

SHARE: Final = 4  # what one person sends before the first answer is there
AGE_MAX_S: Final = 120.0  # a new job would wait about as long

SUBMIT: Final = (
    EFFECTS
    + """
-- KEYS job state, load, worker names, the streams by priority
-- ARGV job, stream's name, a busy chat's stream, chat, queue_max, chat_max, share, age_max ms, group,
--      the state's TTL s, worker's key without its name
local state = redis.call('GET', KEYS[1])
if state == 'done' then return 'done' end
if state then return 'open' end

local streams, open = {}, 0
for i = 4, #KEYS do
  streams[KEYS[i]:match('[^:]+$')] = KEYS[i]
  open = open + redis.call('XLEN', KEYS[i])
end
if open >= tonumber(ARGV[5]) then return 'full' end
if open == 0 then redis.call('DEL', KEYS[2]) end -- a count left by an accident would bar a chat
local own = tonumber(redis.call('HGET', KEYS[2], ARGV[4]) or 0)
if own >= math.min(tonumber(ARGV[6]), ARGV[5] - open) then return own end

local name = own >= tonumber(ARGV[7]) and ARGV[3] or ARGV[2]
local works = false
for _, worker in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  works = works or redis.call('EXISTS', ARGV[11] .. worker) == 1
end
local groups = redis.pcall('XINFO', 'GROUPS', streams[name])
for _, flat in ipairs(groups.err and {} or groups) do -- no stream yet, no groups
  local is = {}
  for i = 1, #flat, 2 do is[flat[i]] = flat[i + 1] end
  if works and name ~= 'bulk' and is.name == ARGV[9] then
    local waiting = redis.call('XRANGE', streams[name], '(' .. is['last-delivered-id'], '+', 'COUNT', 1)[1]
    local now = redis.call('TIME')
    local oldest_ms = now[1] * 1000 + now[2] / 1000 - ARGV[8]
    if waiting and tonumber(waiting[1]:match('%d+')) < oldest_ms then return 'full' end
  end
end

local entry = redis.call('XADD', streams[name], '*', 'job', ARGV[1])
redis.call('SET', KEYS[1], name .. ' ' .. entry, 'EX', ARGV[10])
redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
return 'added'
"""
)

POSITION: Final = """
-- KEYS job state, the streams by priority
local name, entry = (redis.call('GET', KEYS[1]) or ''):match('(%a+) (.+)')
local ahead = 0
for i = 2, name and #KEYS or 0 do
  if KEYS[i]:match('[^:]+$') == name then return ahead + #redis.call('XRANGE', KEYS[i], '-', '(' .. entry) end
  ahead = ahead + redis.call('XLEN', KEYS[i])
end
return -1
"""
