-- Answers for slots what changed since the asker's revisions, as far as a megabyte reaches.
--
-- KEYS  1 index   2 beats   3 live   4… slots
-- ARGV  1 '1' when beats are wanted   2 milliseconds after which a silent replica is not live   3 bytes after which to stop
--       then one for each slot: the known revision, '' for none
-- returns { time in µs, born or '', { live ids }, { id, beat, … }, answers }
--       one answer for each slot that was reached: 0 nothing there, 1 unchanged, or { revision, field, value, … };
--       the caller asks again for those that were not
-- O(slots + bytes)
local time = redis.call('TIME')
local us = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local answers = {}
local sent, limit = 0, tonumber(ARGV[3])
for i = 4, #KEYS do
  if sent >= limit then break end
  local revision = redis.call('HGET', KEYS[1], string.sub(KEYS[i], #KEYS[1] - 4))
  local answer = 0
  if revision then
    if revision == ARGV[i] then
      answer = redis.call('EXISTS', KEYS[i])
    else
      local fields = redis.call('HGETALL', KEYS[i])
      if #fields > 0 then
        answer = { revision }
        for j = 1, #fields, 2 do
          if string.sub(fields[j], 1, 2) ~= 'm:' then
            answer[#answer + 1] = fields[j]
            answer[#answer + 1] = fields[j + 1]
            sent = sent + #fields[j + 1]
          end
        end
      end
    end
  end
  answers[#answers + 1] = answer
end

local beats = {}
if ARGV[1] == '1' then beats = redis.call('HGETALL', KEYS[2]) end
local live = redis.call('ZRANGEBYSCORE', KEYS[3], ms - tonumber(ARGV[2]), '+inf')
return { us, redis.call('HGET', KEYS[1], 'born') or '', live, beats, answers }
