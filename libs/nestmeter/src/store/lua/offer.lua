-- Rule 14: writes a control document, unless the same or a higher one is there: of (version, id) the highest wins.
--
-- KEYS  1 control   2 documents (hash: name -> body)
-- ARGV  1 name   2 version   3 id   4 body   5 token of the lease that is needed, '' for none
--       6 version|id of what must be there now, '' for nothing, 'any' for no such condition
-- returns 1 stored, 0 the same or a higher one is there, 2 refused: the lease is not held by that token,
--         3 changed: something else is there than ARGV[6] says
-- O(bytes)
if ARGV[5] ~= '' then
  local time = redis.call('TIME')
  local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local token, untilMs = string.match(redis.call('HGET', KEYS[1], 'lease') or '', '^([^|]*)|(%d+)|')
  if token ~= ARGV[5] or tonumber(untilMs) <= ms then return 2 end
end
local held = redis.call('HGET', KEYS[1], 'd:' .. ARGV[1]) or ''
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then held = '' end
if ARGV[6] ~= 'any' and held ~= ARGV[6] and held ~= ARGV[2] .. '|' .. ARGV[3] then return 3 end
local version, id = string.match(held, '^(%d+)|(.*)$')
if version then
  if tonumber(version) > tonumber(ARGV[2]) then return 0 end
  if tonumber(version) == tonumber(ARGV[2]) and id >= ARGV[3] then return 0 end
end
redis.call('HSET', KEYS[1], 'd:' .. ARGV[1], ARGV[2] .. '|' .. ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
return 1
