"""Who comes into the line, and where: run by the server, so that many front ends agree.

    in a chat's hands      a job that it submits
    fewer than SHARE       goes to the lane that it was meant for
    SHARE or more          waits with those of other busy chats, behind everybody who has less
    as many as are free    refused: so the last places are left to those who have little
    chat_max               refused

All are refused when the line is full, and, while a worker lives, all but bulk when the next in their lane has
waited too long. Where none lives, nobody is overloaded: jobs wait for a worker.
"""

from typing import Final

from vlm.queue.streams import EFFECTS

SHARE: Final = 4  # what somebody sends while the first of it is answered
AGE_MAX_S: Final = 120.0  # who comes now would wait about as long

SUBMIT: Final = (
    EFFECTS
    + """
-- KEYS mark, load, roster, the lanes from first to last
-- ARGV job, lane's name, a busy chat's lane, chat, queue_max, chat_max, share, age_max ms, group,
--      mark's TTL s, worker's key without its name
local known = redis.call('GET', KEYS[1])
if known == 'done' then return 'done' end
if known then return 'open' end

local lanes, open = {}, 0
for i = 4, #KEYS do
  lanes[KEYS[i]:match('[^:]+$')] = KEYS[i]
  open = open + redis.call('XLEN', KEYS[i])
end
if open >= tonumber(ARGV[5]) then return 'full' end
if open == 0 then redis.call('DEL', KEYS[2]) end -- what an accident left there would bar a chat
local own = tonumber(redis.call('HGET', KEYS[2], ARGV[4]) or 0)
if own >= math.min(tonumber(ARGV[6]), ARGV[5] - open) then return own end

local name = own >= tonumber(ARGV[7]) and ARGV[3] or ARGV[2]
local works = false
for _, worker in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  works = works or redis.call('EXISTS', ARGV[11] .. worker) == 1
end
local groups = redis.pcall('XINFO', 'GROUPS', lanes[name])
for _, flat in ipairs(groups.err and {} or groups) do -- no lane yet, no groups
  local is = {}
  for i = 1, #flat, 2 do is[flat[i]] = flat[i + 1] end
  if works and name ~= 'bulk' and is.name == ARGV[9] then
    local waiting = redis.call('XRANGE', lanes[name], '(' .. is['last-delivered-id'], '+', 'COUNT', 1)[1]
    local now = redis.call('TIME')
    local oldest_ms = now[1] * 1000 + now[2] / 1000 - ARGV[8]
    if waiting and tonumber(waiting[1]:match('%d+')) < oldest_ms then return 'full' end
  end
end

local entry = redis.call('XADD', lanes[name], '*', 'job', ARGV[1])
redis.call('SET', KEYS[1], name .. ' ' .. entry, 'EX', ARGV[10])
redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
return 'added'
"""
)

POSITION: Final = """
-- KEYS mark, the lanes from first to last
local name, entry = (redis.call('GET', KEYS[1]) or ''):match('(%a+) (.+)')
local ahead = 0
for i = 2, name and #KEYS or 0 do
  if KEYS[i]:match('[^:]+$') == name then return ahead + #redis.call('XRANGE', KEYS[i], '-', '(' .. entry) end
  ahead = ahead + redis.call('XLEN', KEYS[i])
end
return -1
"""
