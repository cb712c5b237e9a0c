import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryKey } from '../../../lib/domain/backup/keys.ts';
import { TryRecord } from '../../../lib/domain/backup/receipt.ts';
import type { DatabaseSource } from '../../../lib/domain/source/source.ts';
import { backUp } from '../../../tasks/dump/back-up.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { dumpDependencies, SLOT } from '../../support/dump-rig.ts';
import { databaseReceipt } from '../../support/receipts.ts';
import { variedDatabase } from '../../support/varied-database.ts';
import { VaultRig } from '../../support/vault-rig.ts';

let store: VaultRig;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());

const daily = (id: string): string => `daily/${id}_${SLOT}.dump`;

const majors = await DatabaseRig.majors();
const NAMES = ['with space', 'quo"te', 'a=b', 'ünïcode'];
const MORE_NAMES = ["it's", 'back\\slash', '-leading', 'host=evil dbname=x', 'postgresql://x'];

describe.each(majors)('a server of PostgreSQL %i', (major) => {
  let server: DatabaseRig;
  beforeAll(async () => {
    server = await DatabaseRig.start(major);
  });
  afterAll(() => server.stop());

  const idOf = (name: string): string => `${name}-${major}`;
  const dump = async (source: DatabaseSource) => {
    const { how, receipt } = await backUp({ source, slot: SLOT }, dumpDependencies({ server, store }));
    return { how, receipt: databaseReceipt(receipt) };
  };

  it('is dumped whole by its own client: counted right, and restored identical by plain pg_restore', async () => {
    await server.database('varied', variedDatabase({ contrib: server.server.install.hasContrib }));
    const { receipt } = await dump(server.source('varied', { id: idOf('varied') }));

    expect(receipt).toMatchObject({ server: { major }, client: { version: server.server.install.version }, warnings: [] });
    expect(receipt.contents).toMatchObject({ largeObjects: { count: 2, bytes: 135_000 }, sequences: 2 });
    for (const { schema, name, rows } of receipt.contents.tables) {
      const quoted = [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
      const [counted] = await server.sql<{ rows: string }>('varied', `SELECT count(*) AS rows FROM ${quoted}`);
      expect({ table: quoted, rows }).toEqual({ table: quoted, rows: Number(counted?.rows) });
    }
    expect(receipt.contents.tables).toHaveLength(server.server.install.hasContrib ? 12 : 11);

    await server.restore(store.path(daily(idOf('varied'))), 'restored');
    const again = await dump(server.source('restored', { id: idOf('restored') }));
    expect(again.receipt.contents).toEqual(receipt.contents);
  });

  it.each(major === majors[0] ? [...NAMES, ...MORE_NAMES] : NAMES)(
    'dumps a database named %s, and no other',
    async (database) => {
      const id = idOf(`named-${createHash('sha256').update(database).digest('hex').slice(0, 8)}`);
      await server.database(database, `CREATE TABLE here AS SELECT 'in ${database.replaceAll("'", "''")}' AS t`);
      const { receipt } = await dump(server.source(database, { id }));

      const data = `in ${database.replaceAll('\\', '\\\\')}\n`;
      expect(receipt.contents.tables).toEqual([
        { schema: 'public', name: 'here', rows: 1, bytes: Buffer.byteLength(data), sha256: sha256(data) },
      ]);
    },
  );

  it('says of the object exactly what it is', async () => {
    const id = idOf('exact');
    await server.database('exact', 'CREATE TABLE t AS SELECT generate_series(1, 10)');
    const { how, receipt } = await dump(server.source('exact', { id }));

    const stored = readFileSync(store.path(daily(id)));
    expect(how).toBe('stored');
    expect(receipt).toMatchObject({
      key: daily(id),
      bytes: stored.length,
      sha256: sha256(stored),
      crc32: crc32(stored).toString(16).padStart(8, '0'),
      exitCodes: { pgDump: 0, pgRestore: 0 },
    });
    expect(await store.vault.head(daily(id))).toMatchObject({ bytes: receipt.bytes, crc32: receipt.crc32 });
    expect(await store.vault.readJson(tryKey(SLOT, id, 1), TryRecord)).toEqual({ result: 'receipt', receipt });
    expect(await store.openUploads()).toEqual([]);
  });

  it('dumps an empty database', async () => {
    await server.database('empty');
    const { receipt } = await dump(server.source('empty', { id: idOf('empty') }));
    expect(receipt.contents).toEqual({
      tables: [],
      largeObjects: { count: 0, bytes: 0, sha256: '0'.repeat(64) },
      sequences: 0,
    });
    await server.restore(store.path(daily(idOf('empty'))), 'empty again');
  });
});

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
