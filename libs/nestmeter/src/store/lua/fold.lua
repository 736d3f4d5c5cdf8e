-- Rule 8: replaces final states by their sum, if all of them are still those that were read. Deletes before it writes, so
-- that it passes at maxmemory too. The marks that take the states' place refuse them if they come again.
--
-- KEYS  1 slot   2 index   3 finals
-- ARGV  1 nonce of the `*` that was read, '' for none   2 new nonce (16 characters)   3 the new sum   4 expiry in s
--       then two for each state: field, version
-- returns 1 folded, 0 not as it was read
-- O(fields of the slot + bytes)
local held = redis.call('HGET', KEYS[1], '*')
if (held and string.sub(held, 1, 16) or '') ~= ARGV[1] then return 0 end
if redis.call('HEXISTS', KEYS[1], 'z') == 1 then return 0 end
for i = 5, #ARGV, 2 do
  local state = redis.call('HGET', KEYS[1], ARGV[i])
  if not state or string.sub(state, 26, 26) ~= '1' then return 0 end
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
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'm:' then contribute(field) end
end
for i = 5, #ARGV, 2 do
  contribute(ARGV[i])
  redis.call('HDEL', KEYS[1], ARGV[i])
  redis.call('ZREM', KEYS[3], name .. '/' .. ARGV[i])
end
redis.call('HSET', KEYS[1], '*', ARGV[2] .. string.format('%010d', contributors) .. ARGV[3])
for i = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], 'm:' .. string.sub(ARGV[i], 3), ARGV[i + 1]) end
redis.call('EXPIREAT', KEYS[1], ARGV[4])
local time = redis.call('TIME')
redis.call('HSET', KEYS[2], name, string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2])))
return 1
