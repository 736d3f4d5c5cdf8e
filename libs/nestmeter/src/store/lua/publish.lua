-- Rule 5: replaces one replica's states and its beat. Harmless when repeated, delayed or overtaken: a state is only
-- replaced by a newer one of the same field, and never once it was folded (mark `m:`) or the slot is closed to writes
-- (W or `z`).
--
-- KEYS  1 index (hash: slot -> revision, born)   2 beats (hash)   3 live (sorted set)   4 control (hash: lease, ids)
--       5 finals (sorted set: final states that wait to be folded)   6… slot of each write
-- ARGV  1 replica id   2 beat number   3 beat body   4 '1' when it says left   5 born candidate
--       6 milliseconds after which a silent replica is not live   7 milliseconds after which beats are removed
--       then five for each write: field, version, W in ms, expiry in s, state ('' asks only)
-- returns { time in µs, previous beat number or '', its time in ms or '', born, { live ids }, last departure in ms or '',
--           { control field, value, … }, { outcome, found, outcome, found, … } }
--       outcome s stored, h have, m missing, l late; found is the version held before, '' when none
-- O(writes + live replicas)
local time = redis.call('TIME')
local us = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local outcomes = {}
for i = 6, #KEYS do
  local at = 8 + (i - 6) * 5
  local field, version, state = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 4]
  local held = redis.call('HMGET', KEYS[i], 'm:' .. string.sub(field, 3), field, 'z')
  local found = ''
  if held[1] then
    found = held[1]
  elseif held[2] then
    -- What is not a state of ours is of version 0: any state replaces it.
    found = string.format('%.0f', tonumber(string.match(string.sub(held[2], 11, 25), '^%d+$') or '0'))
  end
  local outcome
  if ms >= tonumber(ARGV[at + 2]) or held[3] then
    outcome = 'l'
  elseif held[1] or (found ~= '' and tonumber(found) >= version) then
    outcome = 'h'
  elseif state == '' then
    outcome = 'm'
  else
    local name = string.sub(KEYS[i], #KEYS[1] - 4)
    -- Rule 11: a slot that was there and is gone lost what nobody may be able to send again.
    local isEmptied = not held[2] and redis.call('HEXISTS', KEYS[1], name) == 1 and redis.call('EXISTS', KEYS[i]) == 0
    redis.call('HSET', KEYS[i], field, state)
    if isEmptied then redis.call('HSET', KEYS[i], 'e', '1') end
    redis.call('EXPIREAT', KEYS[i], ARGV[at + 3])
    redis.call('HSET', KEYS[1], name, us)
    if string.sub(state, 26, 26) == '1' then redis.call('ZADD', KEYS[5], ms, name .. '/' .. field) end
    outcome = 's'
  end
  outcomes[#outcomes + 1] = outcome
  outcomes[#outcomes + 1] = found
end

local id = ARGV[1]
local previous = redis.call('HGET', KEYS[2], id)
local number, previousMs = '', ''
if previous then
  number, previousMs = string.match(previous, '^(%d+)|(%d+)|')
  number, previousMs = number or '', previousMs or ''
end
-- A delayed call must not undo a newer beat: one that says left is the last word.
if number == '' or tonumber(number) <= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[2], id, ARGV[2] .. '|' .. string.format('%.0f', ms) .. '|' .. ARGV[3])
  redis.call('ZADD', KEYS[3], ARGV[4] == '1' and -ms or ms, id)
end

local born = redis.call('HGET', KEYS[1], 'born')
if not born then
  born = ARGV[5] .. '|' .. time[1]
  redis.call('HSET', KEYS[1], 'born', born)
end

local old = ms - tonumber(ARGV[7])
local dead = redis.call('ZRANGEBYSCORE', KEYS[3], 0, old, 'LIMIT', 0, 100)
local gone = redis.call('ZRANGEBYSCORE', KEYS[3], -old, -1, 'LIMIT', 0, 100)
for _, list in ipairs({ dead, gone }) do
  for _, replica in ipairs(list) do
    redis.call('ZREM', KEYS[3], replica)
    redis.call('HDEL', KEYS[2], replica)
  end
end

local silentAt = ms - tonumber(ARGV[6])
local live = redis.call('ZRANGEBYSCORE', KEYS[3], silentAt, '+inf')
local departed = ''
local left = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', -1, 'WITHSCORES', 'LIMIT', 0, 1)
local silent = redis.call('ZREVRANGEBYSCORE', KEYS[3], '(' .. string.format('%.0f', silentAt), 0, 'WITHSCORES', 'LIMIT', 0, 1)
if left[2] then departed = string.format('%.0f', -tonumber(left[2])) end
if silent[2] and (departed == '' or tonumber(silent[2]) > tonumber(departed)) then departed = silent[2] end

return { us, number, previousMs, born, live, departed, redis.call('HGETALL', KEYS[4]), outcomes }
