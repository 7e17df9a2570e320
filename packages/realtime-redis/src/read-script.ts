import { LuaScript } from './lua-script.ts';

/** The most keys that one run reads. */
export const KEYS_A_SCRIPT_READ = 256;

/**
 * Values together with the number of the last write, so that it is known which are newer, and how long
 * each has to live: nothing of it is by a client's clock. Then the time, for what is pushed later.
 */
export const READ_SCRIPT: LuaScript = new LuaScript(`
local foreign = 0
local function get(key)
  local ok, value = pcall(redis.call, 'GET', key)
  if ok then return value end
  foreign = foreign + 1
  return false
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local values, lives = {}, {}
for i = 2, #KEYS do
  values[i - 1] = get(KEYS[i])
  lives[i - 1] = redis.call('PTTL', KEYS[i])
end
return { get(KEYS[1]), now, values, lives, foreign }
`);
