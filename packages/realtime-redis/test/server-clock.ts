import type { Redis } from 'ioredis';

/** Brings the end of a key nearer, and of what is in it. */
const AGE = `
local key, ms = KEYS[1], tonumber(ARGV[1])
local function earlier(instant) return string.format('%016.0f', tonumber(instant) - ms) end
local kind, type = string.sub(key, -2), redis.call('TYPE', key).ok
-- First, because a set that is emptied in between loses it.
local left = redis.call('PTTL', key)
if kind == ':l' and type == 'list' then
  for i, trade in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local instant = tonumber(string.sub(trade, 1, 16))
    if instant then redis.call('LSET', key, i - 1, earlier(instant) .. string.sub(trade, 17)) end
  end
elseif kind == ':z' and type == 'zset' then
  local trades = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #trades, 2 do
    local trade, instant = trades[i], tonumber(string.sub(trades[i], 33, 48))
    if instant then
      redis.call('ZREM', key, trade)
      local aged = string.sub(trade, 1, 32) .. earlier(instant) .. string.sub(trade, 49)
      redis.call('ZADD', key, trades[i + 1], aged)
    end
  end
elseif kind == ':s' and redis.call('HEXISTS', key, 'due') == 1 then
  redis.call('HINCRBYFLOAT', key, 'due', -ms)
elseif kind == ':x' then
  local listed = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #listed, 2 do redis.call('ZADD', key, earlier(listed[i + 1]), listed[i]) end
end
if left < 0 then return end
if left <= ms then redis.call('DEL', key) else redis.call('PEXPIRE', key, left - ms) end
`;

/**
 * Lets so much time pass for what is kept below a prefix, as if the server's clock had gone on: it is the
 * only one that lives are measured by, and no test can set it.
 */
export async function ageKeys(
  servers: readonly Redis[],
  prefix: string,
  ms: number,
): Promise<void> {
  for (const server of servers) {
    let cursor = '0';
    do {
      const [next, keys] = await server.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 10_000);
      const ours = new Set(keys.filter((key) => /:[tblizsx]$/.test(key)));
      await Promise.all([...ours].map((key) => server.eval(AGE, 1, key, `${ms}`)));
      cursor = next;
    } while (cursor !== '0');
  }
}
