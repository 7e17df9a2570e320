import { LuaScript } from './lua-script.ts';

/**
 * Applies a batch of writes, each atomically with its check, and tells subscribers of what changed.
 *
 * A client re-sends what it has had no reply to, so a batch may come twice. Every batch has an id that
 * rises, and holds one place of its writer's hash while it is under way; its answer is kept there.
 * The same id again gets the same answer, and a lower one comes too late to do anything.
 *
 * `INCR` numbers the batches that changed something without a hole, so a subscriber sees what it
 * missed. After that number was lost it starts again from the time, above all numbers before.
 */
export const WRITE_SCRIPT: LuaScript = new LuaScript(`
local place, id, channel, now = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local is_cluster, answer_life, sequence_life = ARGV[5] == '1', ARGV[6], ARGV[7]
local life = { t = ARGV[8], b = ARGV[9], trades = ARGV[10], arrivals = ARGV[11] }
local max_trades, epoch, codes = tonumber(ARGV[12]), ARGV[13], ARGV[14]
-- How many keys each operation has.
local key_count = { t = 1, b = 1, d = 1, e = 1, a = 3, x = 2, w = 2, c = 0 }

local call = redis.call

local known = call('HGET', KEYS[1], place)
if known then
  local known_id, answer = string.match(known, '^(%d+)|(.*)$')
  if tonumber(known_id) == id then return answer end
  if tonumber(known_id) > id then return redis.error_reply('LATE a batch that was given up') end
end

local version
local function take_version()
  if version then return end
  version = call('INCR', KEYS[2])
  if version == 1 then
    local time = call('TIME')
    version = time[1] * 1000000 + time[2]
    call('SET', KEYS[2], string.format('%.0f', version))
  end
  call('PEXPIRE', KEYS[2], sequence_life)
end

local told, is_heard = {}, is_cluster
local function tell(what, key, value)
  if not version then
    take_version()
    is_heard = is_heard or tonumber(call('PUBSUB', 'NUMSUB', channel)[2]) > 0
  end
  if not is_heard then return end
  local n = #told
  told[n + 1], told[n + 2], told[n + 3] = what, key, value
end

local key_index, arg_index = 2, 14
local function next_key()
  key_index = key_index + 1
  return KEYS[key_index]
end
local function next_arg()
  arg_index = arg_index + 1
  return ARGV[arg_index]
end

local function is_live(key)
  local expires_at = tonumber(call('GETRANGE', key, 16, 31))
  return expires_at ~= nil and expires_at > now
end

-- What tickers begin with, read at once: of short values that costs least.
local heads = {}
local function read_heads()
  local keys, at = {}, 2
  for i = 1, #codes do
    local code = string.sub(codes, i, i)
    if code == 't' then keys[#keys + 1] = KEYS[at + 1] end
    at = at + key_count[code]
  end
  if #keys < 2 then return end
  for i, value in ipairs(call('MGET', unpack(keys))) do
    if value then heads[keys[i]] = string.sub(value, 1, 32) end
  end
end

local function set(key, value, life_ms)
  local head = heads[key] or call('GETRANGE', key, 0, 31)
  local own_head = string.sub(value, 1, 32)
  -- A comparison of the texts is cheap, and enough to see that a value is newer.
  if head > own_head and #head == 32
    and tonumber(string.sub(head, 1, 16)) > tonumber(string.sub(value, 1, 16))
    and tonumber(string.sub(head, 17)) > now then
    return 'stale'
  end
  call('SET', key, value, 'PX', life_ms)
  if heads[key] then heads[key] = own_head end
  tell('=', key, value)
  return 'stored'
end

local function delete(key)
  local was_live = is_live(key)
  heads[key] = nil
  if call('DEL', key) == 1 then tell('-', key, '') end
  return was_live and '1' or '0'
end

local function sweep(key)
  if call('EXISTS', key) == 0 or is_live(key) then return '0' end
  heads[key] = nil
  return tostring(call('DEL', key))
end

local function id_of(trade)
  return string.match(trade, '^%S+ %S+ %S+ (.*)$')
end

local function drop_first(trades, ids)
  call('SREM', ids, id_of(call('LPOP', trades)))
end

-- How many trades are left, and how many expired.
local function expire(trades, ids)
  local length = call('LLEN', trades)
  if length ~= call('SCARD', ids) then
    call('DEL', trades, ids)
    return 0, 0
  end
  local expired = 0
  while expired < length
    and tonumber(string.sub(call('LINDEX', trades, 0), 1, 16)) <= now do
    drop_first(trades, ids)
    expired = expired + 1
  end
  return length - expired, expired
end

local function append(trades, ids, arrivals, given)
  local length, expired = expire(trades, ids)
  local last = tonumber(call('HGET', arrivals, 'last'))
  if last == nil then
    last = length
    call('HSET', arrivals, 'epoch', epoch, 'last', last)
    call('PEXPIRE', arrivals, life.arrivals)
  end
  local added, marks, evicted = {}, {}, 0
  for trade in string.gmatch(given, '[^\\1]+') do
    local is_new = call('SADD', ids, id_of(trade))
    marks[#marks + 1] = is_new
    if is_new == 1 then
      call('RPUSH', trades, trade)
      added[#added + 1] = trade
      length = length + 1
      if length > max_trades then
        drop_first(trades, ids)
        length = length - 1
        evicted = evicted + 1
      end
    end
  end
  if #added > 0 then
    call('HSET', arrivals, 'last', string.format('%.0f', last + #added))
    call('PEXPIRE', trades, life.trades)
    call('PEXPIRE', ids, life.trades)
    call('PEXPIRE', arrivals, life.arrivals)
    tell('+', trades, table.concat(added, '\\1'))
  end
  return table.concat(marks) .. ' ' .. expired .. ' ' .. evicted
end

local function delete_trades(trades, ids)
  local length, expired = expire(trades, ids)
  call('DEL', trades, ids)
  return (length > 0 and '1' or '0') .. ' ' .. expired
end

local function sweep_trades(trades, ids)
  local length, expired = expire(trades, ids)
  local first = length > 0 and string.sub(call('LINDEX', trades, 0), 1, 16) or ''
  return expired .. ' ' .. first
end

local function apply(code)
  if code == 't' or code == 'b' then return set(next_key(), next_arg(), life[code]) end
  if code == 'd' then return delete(next_key()) end
  if code == 'e' then return sweep(next_key()) end
  if code == 'c' then
    tell('*', '', '')
    return ''
  end
  local trades, ids = next_key(), next_key()
  if code == 'a' then return append(trades, ids, next_key(), next_arg()) end
  if code == 'x' then return delete_trades(trades, ids) end
  return sweep_trades(trades, ids)
end

read_heads()
local answers = {}
for i = 1, #codes do
  local key_before, arg_before = key_index, arg_index
  local code = string.sub(codes, i, i)
  local ok, answer = pcall(apply, code)
  if not ok then
    if type(answer) == 'table' then answer = answer.err end
    answer = '!' .. string.gsub(answer, '[,|]', ';')
    key_index = key_before + key_count[code]
    arg_index = arg_before + ((code == 'a' or code == 't' or code == 'b') and 1 or 0)
  end
  answers[i] = answer
end

if version then version = string.format('%.0f', version) end
if #told > 0 then
  call('PUBLISH', channel, KEYS[2] .. '\\0' .. version .. '\\0' .. table.concat(told, '\\0'))
end

local answer = (version or '') .. '|' .. table.concat(answers, ',')
call('HSET', KEYS[1], place, id .. '|' .. answer)
call('PEXPIRE', KEYS[1], answer_life)
return answer
`);
