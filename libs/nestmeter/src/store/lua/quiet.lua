-- Lists beats that nobody renewed for long.
--
-- KEYS  1 live   2 stored
-- ARGV  1 ms since which there was none   2 how many at most
-- returns { id, ms, stored, … }: ms is negative for those that left, stored as in publish.lua, '' for none
-- O(answers)
local quiet = {}
local function list(from, to)
  local found = redis.call('ZRANGEBYSCORE', KEYS[1], from, to, 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[2]))
  for i = 1, #found, 2 do
    quiet[#quiet + 1] = found[i]
    quiet[#quiet + 1] = found[i + 1]
    quiet[#quiet + 1] = redis.call('HGET', KEYS[2], found[i]) or ''
  end
end
list(0, ARGV[1])
list('-' .. ARGV[1], '(0')
return quiet
