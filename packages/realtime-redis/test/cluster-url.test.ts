import { describe, expect, it } from 'vitest';
import { clusterAddress } from '../src/cluster-url.ts';
import { RedisRealtime } from '../src/index.ts';

describe('the URL of a cluster', () => {
  it.each([
    [
      'redis-cluster://one:7000,two:7001',
      [
        ['one', 7000],
        ['two', 7001],
      ],
    ],
    ['redis-cluster://one', [['one', 6379]]],
    [
      'redis-cluster://127.0.0.1:7000,[::1]:7001/',
      [
        ['127.0.0.1', 7000],
        ['::1', 7001],
      ],
    ],
  ])('names its nodes: %s', (url, nodes) => {
    expect(clusterAddress(url)?.nodes.map(({ host, port }) => [host, port])).toEqual(nodes);
  });

  it('has the user and the password of all of them', () => {
    expect(clusterAddress('redis-cluster://me:a%40b%2Fc@one,two')).toEqual({
      nodes: [
        { host: 'one', port: 6379 },
        { host: 'two', port: 6379 },
      ],
      username: 'me',
      password: 'a@b/c',
    });
    expect(clusterAddress('redis-cluster://:secret@one')).toMatchObject({ password: 'secret' });
  });

  it('is none where the scheme is another', () => {
    expect(clusterAddress('redis://one')).toBeUndefined();
  });

  it.each([
    'redis-cluster:one',
    'redis-cluster://',
    'redis-cluster://one,',
    'redis-cluster://one:port',
    'redis-cluster://me:secret@one/3',
    'redis-cluster://me:%secret@one',
  ])('is refused without showing a password: %s', (url) => {
    const make = (): RedisRealtime => new RedisRealtime({ url });
    expect(make).toThrow(/url must name nodes/);
    expect(make).not.toThrow(/secret/);
  });
});
