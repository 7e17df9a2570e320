import { LuaScript } from './lua-script.ts';

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
