-- Rule 14: replaces what one replica holds of a budget in one period. Harmless when repeated, delayed or overtaken: only
-- a newer version of the holder's own field replaces it. A replica that is gone keeps what it holds: it may have spent it.
--
-- KEYS  1 account (hash: holder -> version|held|spent|ms|final; '*' the sum of those that are over, as held|spent;
--         '!' when the store was found to have lost some, in ms)
-- ARGV  1 holder   2 version   3 version that was acknowledged, 0 for none   4 spent   5 held already   6 wanted
--       7 limit of all together   8 used by all as far as is known   9 '1' when it is final   10 expiry in s
--       11 milliseconds after a loss in which nobody gets more
-- returns { held, version, free }
-- O(holders), of which those that are over are summed up past 64
local time = redis.call('TIME')
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local version, acknowledged = tonumber(ARGV[2]), tonumber(ARGV[3])
local spent, held, wanted = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local limit, used = tonumber(ARGV[7]), tonumber(ARGV[8])
local whole = function(number) return string.format('%.0f', number) end

local fields = redis.call('HGETALL', KEYS[1])
local found, foundHeld = 0, 0
local othersHeld, othersSpent, overHeld, overSpent = 0, 0, 0, 0
local lostAt, over, holders = nil, {}, 0
for i = 1, #fields, 2 do
  local field, value = fields[i], fields[i + 1]
  if field == '!' then
    lostAt = tonumber(value)
  elseif field == '*' then
    local h, s = string.match(value, '^(%d+)|(%d+)$')
    overHeld, overSpent = overHeld + tonumber(h), overSpent + tonumber(s)
  else
    local v, h, s, at, final = string.match(value, '^(%d+)|(%d+)|(%d+)|(%d+)|(1?)$')
    holders = holders + 1
    if field == ARGV[1] then
      found, foundHeld = tonumber(v), tonumber(h)
    else
      othersHeld, othersSpent = othersHeld + tonumber(h), othersSpent + tonumber(s)
      -- Who said that it is the last one may have sent it twice; others count as long as a beat is kept.
      local age = ms - tonumber(at)
      if (final == '1' and age > 60000) or age > 90000000 then over[#over + 1] = { field, tonumber(h), tonumber(s) } end
    end
  end
end
othersHeld, othersSpent = othersHeld + overHeld, othersSpent + overSpent

if found < acknowledged then
  lostAt = ms
  redis.call('HSET', KEYS[1], '!', whole(ms))
end
local isRestoring = lostAt and ms - lostAt < tonumber(ARGV[11])
local isNewer = version > found
local own, ownSpent = isNewer and held or foundHeld, isNewer and spent or 0
local most = math.min(limit - othersHeld, limit - used - (othersHeld - othersSpent) + ownSpent)
if isNewer then
  if not isRestoring then own = math.max(held, math.min(wanted, most)) end
  redis.call('HSET', KEYS[1], ARGV[1], table.concat({ ARGV[2], whole(own), ARGV[4], whole(ms), ARGV[9] }, '|'))
  if holders > 64 and #over > 0 then
    for _, one in ipairs(over) do
      redis.call('HDEL', KEYS[1], one[1])
      overHeld, overSpent = overHeld + one[2], overSpent + one[3]
    end
    redis.call('HSET', KEYS[1], '*', whole(overHeld) .. '|' .. whole(overSpent))
  end
end
redis.call('EXPIREAT', KEYS[1], ARGV[10])
local free = isRestoring and 0 or math.max(0, most - own)
return { whole(own), whole(isNewer and version or found), whole(free) }
