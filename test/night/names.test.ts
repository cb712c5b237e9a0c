import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Slot, slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { EVERY_KIND, EXTENSIONS, ODD_NAMES, ODDLY_NAMED_TABLES } from '../support/every-kind.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { databaseReceipt } from '../support/receipts.ts';
import { restored } from '../support/restored.ts';

const EVERY = 'every kind';

interface Made {
  readonly id: string;
  readonly major: number;
  readonly database: string;
}

const majors = await DatabaseRig.majors();
const databases: readonly Made[] = majors.flatMap((major) =>
  [EVERY, ...ODD_NAMES].map((database, n) => ({ id: `pg${major}_${n}`, major, database })),
);

const servers = new Map<number, DatabaseRig>();
let rig: NightRig;
let night: Execution;
let slot: Slot;

beforeAll(async () => {
  for (const major of majors) servers.set(major, await DatabaseRig.start(major));
  for (const { major, database } of databases) {
    await serverOf(major).database(database, database === EVERY ? EVERY_KIND : ODDLY_NAMED_TABLES);
    if (database === EVERY) await createExtensions(serverOf(major));
  }
  const named = <T>(value: (server: DatabaseRig, major: number) => [string, T]) =>
    Object.fromEntries([...servers].map(([major, server]) => value(server, major)));
  rig = await NightRig.start({
    connections: named((_, major) => [`pg${major}`, { secret: `night/pg${major}` }]),
    secrets: named((server, major) => [`night/pg${major}`, server.secret()]),
    sources: databases.map(({ id, major, database }) => ({ id, database, connection: `pg${major}` })),
  });
  night = await rig.night({});
  slot = slotOf(night.startDate);
});

afterAll(async () => {
  await rig?.stop();
  for (const server of servers.values()) await server.stop();
});

function serverOf(major: number): DatabaseRig {
  const server = servers.get(major);
  if (!server) throw new Error(`no server of PostgreSQL ${major} was started`);
  return server;
}

async function createExtensions(server: DatabaseRig): Promise<void> {
  const available = await server.sql<{ name: string }>(EVERY, 'SELECT name FROM pg_available_extensions');
  for (const { name } of available)
    if (EXTENSIONS[name]) await server.sql(EVERY, `CREATE EXTENSION ${name}; ${EXTENSIONS[name]}`);
}

/** Rows of each table that has rows of its own, by name, as the server counts them. */
async function countedRows(server: DatabaseRig, database: string): Promise<Record<string, number>> {
  const tables = await server.sql<{ schema: string; name: string; sql: string }>(
    database,
    `SELECT nspname AS schema, relname AS name, format('SELECT count(*) FROM ONLY %I.%I', nspname, relname) AS sql
       FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind = 'r' AND nspname !~ '^pg_|^information_schema$'`,
  );
  const counts: Record<string, number> = {};
  for (const { schema, name, sql } of tables) counts[`${schema}.${name}`] = Number((await server.sql(database, sql))[0]?.count);
  return counts;
}

it('is a good night, of at least two majors where the machine has them', () => {
  expect(night).toMatchObject({ status: 'SUCCEEDED', output: { status: 'ok' } });
  expect(databases).toHaveLength(majors.length * (1 + ODD_NAMES.length));
});

describe.each(databases)('"$database" of PostgreSQL $major', ({ id, major, database }) => {
  it('is dumped under its own name by the client of its own major', async () => {
    const { install } = serverOf(major).server;
    const manifest = await rig.manifest(slot, id);
    expect(manifest).toMatchObject({ database, key: dumpKey(slot, id) });
    const receipt = databaseReceipt(manifest.receipt);
    expect(receipt.server).toMatchObject({ major, version: expect.stringContaining(install.version) });
    expect(receipt.client.version).toBe(install.version);
    expect(receipt.warnings).toEqual([]);
  });

  it('is counted as its server counts it', async () => {
    const server = serverOf(major);
    const { tables, largeObjects } = databaseReceipt((await rig.manifest(slot, id)).receipt).contents;
    const rows = Object.fromEntries(tables.map((table) => [`${table.schema}.${table.name}`, table.rows]));
    expect(rows).toEqual(await countedRows(server, database));
    const [objects] = await server.sql(
      database,
      'SELECT count(*) AS count, coalesce(sum(length(lo_get(oid))), 0) AS bytes FROM pg_largeobject_metadata',
    );
    expect(largeObjects).toMatchObject({ count: Number(objects?.count), bytes: Number(objects?.bytes) });
  });

  it('is restored as it was, by plain pg_restore', async () => {
    const back = await restored(serverOf(major).server, rig.file(dumpKey(slot, id)), database, `${id}_back`);
    expect(Object.keys(back.rows).length).toBeGreaterThanOrEqual(ODD_NAMES.length);
    expect(back).toMatchObject({ differentTables: [], differentLines: [] });
  });
});
