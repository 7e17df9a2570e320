import type { RouterConnection } from '@barkeep/source';
import { assertDefined, assertEqual, assertTrue } from '../../../assertions.ts';
import { type RouterScenario, scenario } from '../router-scenario.ts';
import { MINUTE_MS, tickerEvent } from '../sample-router-events.ts';

/** A careful router does not count on the last messages before the loss: some may not have come. */
const UNDER_WAY_MS = 10_000;

export const connectionScenarios: readonly RouterScenario[] = [
  scenario('connection/begins', 'it begins as connecting', async ({ router }) => {
    assertEqual(router.connection.status, 'connecting', 'the status');
    assertEqual(router.streams, [], 'the streams');
  }),
  scenario('connection/connected', 'it says since when it is connected', async (session) => {
    session.pass(10_000);
    const earliest = session.now;
    await session.exchange.connect([]);
    const { status, since } = session.router.connection;
    assertEqual(status, 'connected', 'the status');
    assertTrue(since >= earliest && since <= session.now, 'since when');
    assertEqual(session.connections.at(-1), session.router.connection, 'what it has told');
  }),
  scenario(
    'connection/last-sign-of-life',
    'a lost connection says up to when everything has come through',
    async (session) => {
      await session.begin();
      session.pass(MINUTE_MS);
      await session.send(tickerEvent());
      const lastMessage = session.now;
      session.pass(2_000);
      const cut = session.now;
      await session.lose(30_000);
      const { status, since } = session.router.connection;
      assertEqual(status, 'reconnecting', 'the status');
      assertTrue(since <= cut, `since (${since}) is not after the last sign of life (${cut})`);
      assertTrue(since >= lastMessage - UNDER_WAY_MS, 'since is near the last sign of life');
      assertEqual(session.connections.at(-1), session.router.connection, 'what it has told');
    },
  ),
  scenario(
    'connection/last-seen',
    'the last sign of life moves with what comes, and with nothing else',
    async (session) => {
      await session.begin();
      const { router, now: connectedAt } = session;
      const begun = assertDefined(router.lastSeen, 'the last sign of life of a new connection');
      assertTrue(begun >= router.connection.since, 'it is not before the connection was made');
      assertTrue(begun <= connectedAt, 'it is not in the future');
      session.pass(MINUTE_MS);
      await session.send(tickerEvent());
      const moved = assertDefined(router.lastSeen, 'the last sign of life after a message');
      assertTrue(moved >= session.now - UNDER_WAY_MS, 'it moves with a message');
      assertTrue(moved <= session.now, 'it is not in the future after a message');
      const cut = session.now;
      await session.exchange.cut();
      session.pass(20_000);
      assertTrue((router.lastSeen ?? 0) <= cut, 'it stands still while nothing comes');
    },
    {
      requires: ({ tellsLastSeen }) =>
        tellsLastSeen ? undefined : 'it does not say when it was last seen (lastSeen)',
    },
  ),
  scenario(
    'connection/nothing-came',
    'a connection through which nothing came is lost not before it was made',
    async (session) => {
      await session.begin([]);
      const { since: connectedAt } = session.router.connection;
      const cut = session.now;
      await session.lose();
      const { since } = session.router.connection;
      assertTrue(since >= connectedAt && since <= cut, 'the last sign of life');
    },
  ),
  scenario('connection/restored', 'after an outage it is connected since now', async (session) => {
    await session.begin();
    await session.lose();
    session.pass(5 * MINUTE_MS);
    const earliest = session.now;
    await session.reconnect();
    const { status, since } = session.router.connection;
    assertEqual(status, 'connected', 'the status');
    assertTrue(since >= earliest && since <= session.now, 'since when');
  }),
  scenario('connection/order', 'each change is told once, in order', async (session) => {
    const held: RouterConnection[] = [];
    session.router.subscribe(({ type }) => {
      if (type === 'connection') held.push(session.router.connection);
    });
    await session.begin();
    for (let i = 0; i < 2; i += 1) {
      await session.lose();
      session.pass(MINUTE_MS);
      await session.reconnect();
      session.pass(MINUTE_MS);
    }
    await session.close();
    const { connections } = session;
    assertEqual(
      connections.map(({ status }) => status),
      ['connected', 'reconnecting', 'connected', 'reconnecting', 'connected', 'closed'],
      'the statuses',
    );
    const sinces = connections.map(({ since }) => since);
    assertEqual(
      sinces,
      [...sinces].sort((a, b) => a - b),
      'the times ascend',
    );
    const told = session.events.flatMap((it) => (it.type === 'connection' ? [it.connection] : []));
    assertEqual(held, told, 'what it holds while it tells');
  }),
  scenario('connection/closed', 'closing ends everything, and is told', async (session) => {
    await session.begin();
    await session.close();
    assertEqual(session.router.connection.status, 'closed', 'the status');
    assertEqual(session.router.streams, [], 'the streams');
    const last = assertDefined(session.connections.at(-1), 'a told connection');
    assertEqual(last, session.router.connection, 'what it has told');
    assertTrue(last.since <= session.now, 'up to when');
  }),
  scenario(
    'connection/closed-unnoticed',
    'closed while the connection is dead unnoticed, it claims nothing after the last sign of life',
    async (session) => {
      await session.begin();
      session.pass(MINUTE_MS);
      await session.send(tickerEvent());
      const cut = session.now;
      await session.exchange.cut();
      session.pass(5_000);
      await session.close();
      const { status, since } = session.router.connection;
      assertEqual(status, 'closed', 'the status');
      assertTrue(since <= cut, `since (${since}) is not after the last sign of life (${cut})`);
      assertEqual(session.connections.at(-1), session.router.connection, 'what it has told');
    },
  ),
  scenario(
    'connection/closed-during-outage',
    'closed during an outage, it claims nothing of the outage',
    async (session) => {
      await session.begin();
      const cut = session.now;
      await session.lose();
      session.pass(MINUTE_MS);
      await session.close();
      const { status, since } = session.router.connection;
      assertEqual(status, 'closed', 'the status');
      assertTrue(since <= cut, `since (${since}) is not after the last sign of life (${cut})`);
    },
  ),
];
