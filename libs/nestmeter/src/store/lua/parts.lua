-- Reads what a fold is made from: `*` and states of one slot, as far as so many bytes reach.
--
-- KEYS  1 slot
-- ARGV  1 bytes after which to stop   2 '1' for all states   then the fields wanted otherwise
-- returns 0 when there is no such slot, else { `*` or '', '1' when sealed, { field, state, … }, { fields left over } }
-- O(fields + bytes)
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local wanted = {}
if ARGV[2] ~= '1' then
  for i = 3, #ARGV do wanted[#wanted + 1] = ARGV[i] end
else
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, 2) == 'r:' then wanted[#wanted + 1] = field end
  end
end
local states, rest = {}, {}
local sent, limit = 0, tonumber(ARGV[1])
for _, field in ipairs(wanted) do
  if sent >= limit then
    rest[#rest + 1] = field
  else
    local state = redis.call('HGET', KEYS[1], field)
    if state then
      states[#states + 1] = field
      states[#states + 1] = state
      sent = sent + #state
    end
  end
end
return { redis.call('HGET', KEYS[1], '*') or '', redis.call('HEXISTS', KEYS[1], 'z') == 1 and '1' or '', states, rest }
