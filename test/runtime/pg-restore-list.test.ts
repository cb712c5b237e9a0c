import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { differenceOf } from '../../lib/domain/backup/archive-list.ts';
import type { DumpContents } from '../../lib/domain/backup/receipt.ts';
import { type ArchiveLister, listArchive } from '../../lib/runtime/pg-restore-list.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { toolchain } from '../support/toolchain.ts';

const run = promisify(execFile);
const NAMES: readonly [string, string][] = [
  ['public', 'orders'],
  ['public', 'orders too'],
  ['public', 'line\nbreak'],
  ['two words', 'ünï"code'],
  ['DATA', 'foo'],
  ['foo', 'bar'],
];
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const SCRIPT = `${NAMES.map(([schema, name]) => `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}; CREATE TABLE ${quoted(schema)}.${quoted(name)} (id int);`).join('')}
  INSERT INTO orders SELECT generate_series(1, 200000); SELECT lo_from_bytea(0, 'x');
  CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW mv AS SELECT 1; CREATE SEQUENCE s;
  CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (9);`;

function contents(names: readonly [string, string][], largeObjects = 1): DumpContents {
  const figures = { rows: 0, bytes: 0, sha256: 'a'.repeat(64) };
  const tables = names.map(([schema, name]) => ({ schema, name, ...figures }));
  return { tables, largeObjects: { count: largeObjects, bytes: largeObjects, sha256: 'b'.repeat(64) }, sequences: 1 };
}

async function listOf(archive: ArchiveLister, dump: Buffer, chunkBytes: number) {
  let fed = 0;
  for (let at = 0; at < dump.length; at += chunkBytes) {
    fed = at;
    if (!(await archive.feed(dump.subarray(at, at + chunkBytes)))) break;
  }
  return { fed, list: await archive.finish() };
}

describe.each(await DatabaseRig.majors())('pg_restore --list of PostgreSQL %d', (major) => {
  it('names the data of every table and tells of large objects, however odd the names', async () => {
    const database = await DatabaseRig.start(major);
    onTestFinished(() => database.stop());
    await database.database('odd', SCRIPT);
    const { install, url } = database.server;
    const args = ['-Fc', '-Z0', `--dbname=${url('odd')}`];
    const { stdout: dump } = await run(join(install.binDir, 'pg_dump'), args, { encoding: 'buffer', maxBuffer: 1 << 28 });

    const { list, fed } = await listOf(listArchive(join(install.binDir, 'pg_restore')), dump, 4096);

    const all: [string, string][] = [...NAMES, ['public', 'part']];
    expect(differenceOf(list, contents(all))).toBeUndefined();
    expect(list.entries).toBeGreaterThan(all.length);
    // it closes its end before the data are through, which must not end in EPIPE
    expect(fed).toBeLessThan(dump.length / 2);
    for (const [n] of all.entries()) expect(differenceOf(list, contents(all.toSpliced(n, 1)))).toMatch(/does not know/);
    expect(differenceOf(list, contents([...all, ['public', 'orders']]))).toMatch(/no data of public\.orders/);
    expect(differenceOf(list, contents(all, 0))).toMatch(/large objects/);
  });
});

describe('a program that cannot list', () => {
  it('is no word on the archive when it cannot be started', async () => {
    const archive = listArchive('/nowhere/pg_restore');
    await archive.feed(Buffer.alloc(1 << 20));
    await expect(archive.finish()).rejects.toMatchObject({
      name: 'Nightproof.internal',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('leaves no process behind when the list is not wanted any more', async () => {
    const [install] = (await toolchain()).postgres;
    const archive = listArchive(join(install?.binDir ?? '', 'pg_restore'));
    // the first bytes of an archive: it waits for more
    await archive.feed(Buffer.from('PGDMP'));
    await archive.stop();
    expect(await archive.feed(Buffer.from('y'))).toBe(false);
  });
});
