import { LuaScript } from './lua-script.ts';

/**
 * What arrived after a number. A symbol without trades gets its epoch here, so that a cursor taken
 * before the first trade says afterwards whether the trades since are complete.
 */
export const REPLAY_SCRIPT: LuaScript = new LuaScript(`
local epoch, last = unpack(redis.call('HMGET', KEYS[2], 'epoch', 'last'))
local length = redis.call('LLEN', KEYS[1])
if not epoch or not last then
  epoch, last = ARGV[1], tostring(length)
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'last', last)
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
local lost = tonumber(last) - length
local seen = epoch == ARGV[2] and tonumber(ARGV[3]) or 0
if seen > tonumber(last) then seen = 0 end
local from = math.max(seen - lost, 0)
return { epoch, last, tostring(lost), redis.call('LRANGE', KEYS[1], from, -1) }
`);
