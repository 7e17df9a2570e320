import { LuaScript } from './lua-script.ts';

/**
 * Lists symbols until a time from now, by the server's clock, and takes some off whose time is over.
 */
export const LIST_SCRIPT: LuaScript = new LuaScript(`
local list, life, most = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kind = redis.call('TYPE', list).ok
if kind ~= 'zset' and kind ~= 'none' then redis.call('UNLINK', list) end
local entries = {}
for i = 3, #ARGV do
  entries[#entries + 1] = string.format('%.0f', now + life)
  entries[#entries + 1] = ARGV[i]
end
if #entries > 0 then redis.call('ZADD', list, 'GT', unpack(entries)) end
if redis.call('PTTL', list) < life then redis.call('PEXPIRE', list, life) end
local over = redis.call('ZRANGE', list, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
if #over > 0 then redis.call('ZREM', list, unpack(over)) end
return redis.status_reply('OK')
`);

/** How many symbols are listed, and at most so many of them: all, or some at random. */
export const SAMPLE_SCRIPT: LuaScript = new LuaScript(`
local list, most = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if redis.call('TYPE', list).ok ~= 'zset' then return { 0, {} } end
local count = redis.call('ZCOUNT', list, '(' .. now, '+inf')
if count <= most then
  return { count, redis.call('ZRANGE', list, '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, most) }
end
local found, live = redis.call('ZRANDMEMBER', list, most, 'WITHSCORES'), {}
for i = 1, #found, 2 do
  if tonumber(found[i + 1]) > tonumber(now) then live[#live + 1] = found[i] end
end
return { count, live }
`);
