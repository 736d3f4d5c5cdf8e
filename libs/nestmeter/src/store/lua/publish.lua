-- Rule 5: replaces one replica's states and its beat. Harmless when repeated, delayed or overtaken: a state is only
-- replaced by a newer one of the same field, and never once it is final, was folded (mark `m:`) or the slot is closed to
-- writes (W or `z`).
--
-- KEYS  1 index (hash: slot -> revision, born)   2 beats (hash)   3 live (sorted set)   4 control (hash: lease, ids)
--       5 finals (sorted set: final states that wait to be folded)   6 stored (hash: id -> up to when all is here)
--       7 families (hash: definitions)   8… slot of each write
-- ARGV  1 replica id   2 beat number   3 beat body   4 '1' when it says left   5 born candidate
--       6 milliseconds after which a silent replica is not live   7 milliseconds for which silent replicas are told
--       8 random name of this call   9 number of the last beat whose answer the sender got, 0 for none
--       10 milliseconds for which it counts without having known a store, 0 once it does
--       11 up to when all that it counted is here: ms of the finest tier, least of the others, then <slot seconds>=ms …;
--       negative: so long ago   12 number of writes
--       13 number of definitions
--       then five for each write: field, version, W in ms, expiry in s, state ('' asks only)
--       then two for each definition of a family: <family>:<signature>, text
--       then three for each replica that was live before the store was lost or went back: id, ms at which it was seen,
--       ms from which on something of it may be lacking
-- returns { time in µs, previous beat number or '', its time in ms or '', born, { live ids }, last departure in ms or '',
--           { control field, value, … }, { outcome, found, outcome, found, … }, '1' if this very call came before,
--           { silent id, ms, … }, ms at which the latest of those fell silent that are not told, '' for none }
--       outcome s stored, h have, m missing, l late; found is the version held before, '' when none
-- O(writes + live replicas)
local time = redis.call('TIME')
local us = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local outcomes, had, isAnyLate = {}, {}, false
for i = 8, #KEYS do
  local at = 14 + (i - 8) * 5
  local field, version, state = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 4]
  local held = redis.call('HMGET', KEYS[i], 'm:' .. string.sub(field, 3), field, 'z')
  local found, isFinal = '', false
  if held[1] then
    found = held[1]
  elseif held[2] then
    -- What is not a state of ours is of version 0: any state replaces it.
    found = string.format('%.0f', tonumber(string.match(string.sub(held[2], 11, 25), '^%d+$') or '0'))
    isFinal = found ~= '0' and string.sub(held[2], 26, 26) == '1'
  end
  local outcome
  if ms >= tonumber(ARGV[at + 2]) or held[3] then
    outcome = 'l'
    isAnyLate = isAnyLate or (state ~= '' and (found == '' or tonumber(found) < version))
  elseif held[1] or isFinal or (found ~= '' and tonumber(found) >= version) then
    -- Rule 5: final is for ever. Two processes under one id would else undo each other's finals.
    outcome = 'h'
    had[#had + 1] = string.sub(KEYS[i], #KEYS[1] - 4)
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

-- Rule 4: when the index was evicted, what is still here would else be there for nobody.
for from = 1, #had, 1000 do
  local to = math.min(#had, from + 999)
  local revisions = redis.call('HMGET', KEYS[1], unpack(had, from, to))
  for i = from, to do
    if not revisions[i - from + 1] then redis.call('HSET', KEYS[1], had[i], us) end
  end
end

-- Rule 4: bounded, whatever names there are; what is refused is told again, and tried again once there is room.
local firstDefinition = 14 + tonumber(ARGV[12]) * 5
local firstMissed = firstDefinition + tonumber(ARGV[13]) * 2
for i = firstDefinition, firstMissed - 1, 2 do
  if redis.call('HEXISTS', KEYS[7], ARGV[i]) == 1 or #redis.call('HKEYS', KEYS[7]) < 128 then
    redis.call('HSET', KEYS[7], ARGV[i], string.format('%.0f', ms) .. '|' .. ARGV[i + 1])
  end
end

-- A beat is number|ms|call|back|body.
local id = ARGV[1]
local number, atMs, call, back = string.match(redis.call('HGET', KEYS[2], id) or '', '^(%d+)|(%d+)|([^|]*)|([^|]*)|')
number, atMs, back = number or '', atMs or '', back or ''
local isRepeated = number == ARGV[2] and call == ARGV[8] and call ~= ''
-- Rule 11: that the store went back shows in the beat which this call replaces. Should its answer be lost, the next ones
-- still tell what was found, until the sender has got one.
if back ~= '' and tonumber(string.match(back, '^%d+')) < tonumber(ARGV[9]) then back = '' end
if back == '' and tonumber(ARGV[9]) > (tonumber(number) or 0) then back = ARGV[9] .. ',' .. number .. ',' .. atMs end
local upTo = string.gsub(ARGV[11], '%-(%d+)', function(ago) return string.format('%.0f', ms - tonumber(ago)) end)
local function lacksSince(since)
  local tiers = string.gsub(string.match(ARGV[11], '^[-%d]+ [-%d]+( .*)') or '', '=[-%d]+', '=' .. since)
  return since .. ' ' .. since .. tiers
end
-- A delayed call must not undo a newer beat: one that says left is the last word.
if number == '' or tonumber(number) <= tonumber(ARGV[2]) then
  local beat = { ARGV[2], string.format('%.0f', ms), ARGV[8], back, ARGV[3] }
  redis.call('HSET', KEYS[2], id, table.concat(beat, '|'))
  if back ~= '' then
    -- Rule 11: who does not know yet that the store lost something cannot say what it has.
    redis.call('HSETNX', KEYS[6], id, lacksSince('0'))
  elseif isAnyLate then
    -- Rule 11: what was too late is not stored, and may never be noted.
    redis.call('HSETNX', KEYS[6], id, upTo)
  else
    redis.call('HSET', KEYS[6], id, upTo)
  end
  redis.call('ZADD', KEYS[3], ARGV[4] == '1' and -ms or ms, id)
end
if back ~= '' then number, atMs = string.match(back, '^%d+,(%d*),(%d*)$') end

-- Rule 11: after a wipe or fail-over nobody else knows of a replica that is cut off: it is put back as one that is silent,
-- until it publishes and says itself what is here of it.
local silentAt = ms - tonumber(ARGV[6])
for i = firstMissed, #ARGV, 3 do
  local score = redis.call('ZSCORE', KEYS[3], ARGV[i])
  local seenMs = math.min(silentAt - 1, tonumber(ARGV[i + 1]))
  if not score or (tonumber(score) >= 0 and tonumber(score) < seenMs) then
    redis.call('ZADD', KEYS[3], string.format('%.0f', seenMs), ARGV[i])
    redis.call('HSETNX', KEYS[6], ARGV[i], lacksSince(ARGV[i + 2]))
  end
end

-- Rule 4: what is published first was counted before, and a clock that is set back may show a time before `since`.
local since = math.floor((ms - tonumber(ARGV[10])) / 1000)
local born = redis.call('HGET', KEYS[1], 'born')
local name, bornAt = string.match(born or '', '^(.*)|(%d+)$')
if not born or (bornAt and since < tonumber(bornAt)) then
  born = (name or ARGV[5]) .. '|' .. string.format('%.0f', since)
  redis.call('HSET', KEYS[1], 'born', born)
end

local live = redis.call('ZRANGEBYSCORE', KEYS[3], silentAt, '+inf')
local before = '(' .. string.format('%.0f', silentAt)
local departed = ''
local left = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', -1, 'WITHSCORES', 'LIMIT', 0, 1)
local silent = redis.call('ZREVRANGEBYSCORE', KEYS[3], before, 0, 'WITHSCORES', 'LIMIT', 0, 101)
if left[2] then departed = string.format('%.0f', -tonumber(left[2])) end
local lately, fallen = {}, ''
for i = 1, #silent, 2 do
  if i > 200 or tonumber(silent[i + 1]) < ms - tonumber(ARGV[7]) then
    fallen = silent[i + 1]
    break
  end
  lately[i], lately[i + 1] = silent[i], silent[i + 1]
end

local repeated = isRepeated and '1' or ''
return { us, number, atMs, born, live, departed, redis.call('HGETALL', KEYS[4]), outcomes, repeated, lately, fallen }
