import { expect, it } from 'vitest';
import { DatabaseRig } from '../../support/database-rig.ts';
import { backedUp, restoreJob, restoreTraced } from '../../support/restore-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

const WRITERS = 3;

it('restores one moment of a database that was written to while it was dumped', async () => {
  const [store, server] = await Promise.all([VaultRig.start(), DatabaseRig.start()]);
  try {
    await server.database(
      'busy',
      `CREATE TABLE accounts AS SELECT g AS id, 100 AS amount, repeat('x', 500) AS filler FROM generate_series(1, 20000) g;
       ALTER TABLE accounts ADD PRIMARY KEY (id); CREATE TABLE moves (id serial PRIMARY KEY, what text)`,
    );
    let ended = false;
    const write = async (): Promise<number> => {
      const session = await server.session('busy');
      let moves = 0;
      for (; !ended; moves++) {
        const [from, to] = [1 + ((moves * 7919) % 20_000), 1 + ((moves * 104_729 + 1) % 20_000)];
        await session.query(
          `BEGIN; UPDATE accounts SET amount = amount - 1 WHERE id = ${Math.min(from, to)}; UPDATE accounts SET amount = amount + 1 WHERE id = ${Math.max(from, to)};
           INSERT INTO moves (what) VALUES ('${moves}'); COMMIT`,
        );
      }
      await session.end();
      return moves;
    };
    const writers = Promise.all(Array.from({ length: WRITERS }, write));
    const count = async (database: string) =>
      (
        await server.sql<{ moves: number; sum: string }>(
          database,
          'SELECT (SELECT count(*)::int FROM moves) AS moves, sum(amount) FROM accounts',
        )
      )[0];
    while (((await count('busy'))?.moves ?? 0) < 20);

    const before = await count('busy');
    const manifest = await backedUp(server, store, server.source('busy'));
    const after = await count('busy');
    ended = true;
    await writers;
    const { restored, failure } = await restoreTraced({ server, store }, restoreJob(manifest, 'moment'));
    expect(failure?.message).toBeUndefined();
    expect(restored).toMatchObject({ compared: true });

    // money moves between accounts, so that every moment has the same sum, and no mixture of two has it
    const moment = await count('moment');
    expect(moment?.sum).toBe(before?.sum);
    expect(moment?.moves).toBeGreaterThanOrEqual(before?.moves ?? 0);
    expect(moment?.moves).toBeLessThanOrEqual(after?.moves ?? 0);
    expect(after?.moves).toBeGreaterThan(before?.moves ?? 0);
  } finally {
    await Promise.all([store.stop(), server.stop()]);
  }
});
