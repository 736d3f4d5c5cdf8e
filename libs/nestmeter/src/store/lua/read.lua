-- Rule 10: answers for slots what changed since the asker's revisions, as far as so many bytes reach.
--
-- KEYS  1 index   2 beats   3 live   4 stored   5… slots
-- ARGV  1 which beats are wanted: 'all', 'live', '' for none   2 milliseconds after which a silent replica is not live   3 bytes after which to stop
--       4 milliseconds by which coarser tiers of a live replica may lag; the finest may as long as it is live
--       then one for each slot: the known revision, '' for none
-- returns { time in µs, born or '', { live ids }, { id, beat, … }, answers, { silent id, ms, stored, … }, gap records or '',
--           { live id that is behind, stored, … } }
--       one answer for each slot that was reached: 0 nothing there, 1 unchanged, 2 indexed but gone, or
--       { revision, ids of replicas in `*` and beside it too, field, value, … }; the caller asks again for those that were not
--       stored, '' for none, is as in publish.lua
-- O(slots + bytes + live replicas + silent replicas, at most 2000)
local time = redis.call('TIME')
local us = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local answers = {}
local sent, limit = 0, tonumber(ARGV[3])
for i = 5, #KEYS do
  if sent >= limit then break end
  local revision = redis.call('HGET', KEYS[1], string.sub(KEYS[i], #KEYS[1] - 4))
  local answer = 0
  if revision then
    answer = 2
    if revision == ARGV[i] then
      if redis.call('EXISTS', KEYS[i]) == 1 then answer = 1 end
    else
      local fields = redis.call('HGETALL', KEYS[i])
      if #fields > 0 then
        answer = { revision, '' }
        local marked, both = {}, {}
        for j = 1, #fields, 2 do
          local id = string.match(fields[j], '^m:([^.]+)%.')
          if id then marked[id] = true end
        end
        for j = 1, #fields, 2 do
          if string.sub(fields[j], 1, 2) ~= 'm:' then
            local id = string.match(fields[j], '^r:([^.]+)%.')
            if id and marked[id] then both[#both + 1] = id end
            answer[#answer + 1] = fields[j]
            answer[#answer + 1] = fields[j + 1]
            sent = sent + #fields[j + 1]
          end
        end
        answer[2] = table.concat(both, ' ')
      end
    end
  end
  answers[#answers + 1] = answer
end

local beats = {}
if ARGV[1] == 'all' then beats = redis.call('HGETALL', KEYS[2]) end
local silentAt = ms - tonumber(ARGV[2])
local live = redis.call('ZRANGEBYSCORE', KEYS[3], silentAt, '+inf')
local fallen = redis.call('ZREVRANGEBYSCORE', KEYS[3], '(' .. string.format('%.0f', silentAt), 0, 'WITHSCORES', 'LIMIT', 0, 2000)
-- Rule 11: a replica that lives may not have sent yet what it counted before, in coarser tiers or while it was cut off.
local behind = {}
for from = 1, #live, 1000 do
  local to = math.min(#live, from + 999)
  local stored = redis.call('HMGET', KEYS[4], unpack(live, from, to))
  for i = from, to do
    local text = stored[i - from + 1]
    local finest, coarser = string.match(text or '', '^(%d+) (%d+)')
    if finest and (tonumber(finest) < silentAt or tonumber(coarser) < ms - tonumber(ARGV[4])) then
      behind[#behind + 1] = live[i]
      behind[#behind + 1] = text
    end
  end
  if ARGV[1] == 'live' then
    local found = redis.call('HMGET', KEYS[2], unpack(live, from, to))
    for i = from, to do
      beats[#beats + 1] = live[i]
      beats[#beats + 1] = found[i - from + 1]
    end
  end
end
local silent = {}
for from = 1, #fallen, 1000 do
  local to = math.min(#fallen, from + 999)
  local ids = {}
  for i = from, to, 2 do ids[#ids + 1] = fallen[i] end
  local stored = redis.call('HMGET', KEYS[4], unpack(ids))
  for i = from, to, 2 do
    silent[#silent + 1] = fallen[i]
    silent[#silent + 1] = fallen[i + 1]
    silent[#silent + 1] = stored[(i - from) / 2 + 1] or ''
  end
end
local past = redis.call('HMGET', KEYS[1], 'born', 'gaps')
return { us, past[1] or '', live, beats, answers, silent, past[2] or '', behind }
