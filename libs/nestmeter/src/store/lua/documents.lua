-- Reads control documents.
--
-- KEYS  1 control   2 documents
-- ARGV  1… names
-- returns { version|id or '', body or '', … }
-- O(bytes)
local answers = {}
for _, name in ipairs(ARGV) do
  local head = redis.call('HGET', KEYS[1], 'd:' .. name)
  local body = redis.call('HGET', KEYS[2], name)
  answers[#answers + 1] = head and body and head or ''
  answers[#answers + 1] = head and body or ''
end
return answers
