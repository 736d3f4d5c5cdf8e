-- Rule 9: folds what is left of a slot that nobody may write to any more. Its marks go and it is closed for ever, also for
-- a node with a clock that is behind. Deletes before it writes.
--
-- KEYS  1 slot   2 index   3 finals
-- ARGV  1 nonce of the `*` that was read, '' for none   2 new nonce (16 characters)   3 the new sum, '' to keep the old one
--       4 expiry in s   5 ms before which it is too early   6 note for `z`   7 number of states that go
--       then two for each state: field, version; those that go first, then those that stay beside
-- returns 1 sealed, 0 not as it was read, 2 too early
-- O(fields of the slot + bytes)
local time = redis.call('TIME')
if tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) < tonumber(ARGV[5]) then return 2 end
local held = redis.call('HGET', KEYS[1], '*')
if (held and string.sub(held, 1, 16) or '') ~= ARGV[1] then return 0 end
local fields = redis.call('HKEYS', KEYS[1])
local states, marks = 0, {}
for _, field in ipairs(fields) do
  local kind = string.sub(field, 1, 2)
  if field == 'z' then return 0 end
  if kind == 'r:' then states = states + 1 end
  if kind == 'm:' then marks[#marks + 1] = field end
end
if #fields == 0 or states ~= (#ARGV - 7) / 2 then return 0 end
for i = 8, #ARGV, 2 do
  local state = redis.call('HGET', KEYS[1], ARGV[i])
  if not state then return 0 end
  if tonumber(string.match(string.sub(state, 11, 25), '^%d+$') or '0') ~= tonumber(ARGV[i + 1]) then return 0 end
end

local name = string.sub(KEYS[1], #KEYS[2] - 4)
local seen, contributors = {}, 0
local function contribute(field)
  local id = string.match(field, '^[rm]:([^.]+)%.')
  if id and not seen[id] then
    seen[id] = true
    contributors = contributors + 1
  end
end
for _, mark in ipairs(marks) do
  contribute(mark)
  redis.call('HDEL', KEYS[1], mark)
end
for i = 8, #ARGV, 2 do
  redis.call('ZREM', KEYS[3], name .. '/' .. ARGV[i])
  if i < 8 + 2 * tonumber(ARGV[7]) then
    contribute(ARGV[i])
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], '*', ARGV[2] .. string.format('%010d', contributors) .. ARGV[3]) end
redis.call('HSET', KEYS[1], 'z', ARGV[6])
redis.call('EXPIREAT', KEYS[1], ARGV[4])
-- The letter tells who lists the index that there is nothing left to do here.
redis.call('HSET', KEYS[2], name, string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2])) .. 'z')
return 1
