import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArchiveToc, parseArchiveToc, type TocEntry } from '../../../lib/domain/restore/archive-toc.ts';
import type { DatabaseManifest } from '../../../lib/runtime/restore/restore-job.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { CLASS_ROLES, classesScript, type ObjectClass, objectClasses } from '../../support/object-classes.ts';
import { backedUp, type RestoreTraces, restoreJob, restoreTraced } from '../../support/restore-rig.ts';
import { VaultRig } from '../../support/vault-rig.ts';

let store: VaultRig;
beforeAll(async () => {
  store = await VaultRig.start();
});
afterAll(() => store.stop());

describe.each(await DatabaseRig.majors())('a server of PostgreSQL %i', (major) => {
  const classes = objectClasses(major);
  let server: DatabaseRig;
  let manifest: DatabaseManifest;
  let traces: RestoreTraces;
  let before: ArchiveToc;
  let after: ArchiveToc;
  beforeAll(async () => {
    server = await DatabaseRig.start(major);
    await server.sql('postgres', CLASS_ROLES.map((role) => `CREATE ROLE ${role};`).join(' '));
    await server.database('classes');
    const session = await server.session('classes');
    for (const script of classesScript(classes)) await session.query(script);
    await session.end();
    manifest = await backedUp(server, store, server.source('classes', { id: `classes-${major}` }));
    traces = await restoreTraced({ server, store }, restoreJob(manifest, 'again'));
    [before, after] = [await tableOfContents('classes'), await tableOfContents('again')];
  });
  afterAll(() => server.stop());

  async function tableOfContents(database: string): Promise<ArchiveToc> {
    const { host, port, user, password, install } = server.server;
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    const { stdout } = await promisify(execFile)(join(install.binDir, 'pg_dump'), ['-Fc', '--schema-only', database], {
      env,
      encoding: 'buffer',
      maxBuffer: 1024 ** 3,
    });
    return parseArchiveToc(stdout) ?? expect.unreachable('pg_dump wrote half an archive');
  }

  it('has every row of every class again', () => {
    expect(traces.failure?.message).toBeUndefined();
    expect(traces).toMatchObject({ restored: { compared: true, warnings: [] } });
    expect(classes.length).toBeGreaterThanOrEqual(60);
  });

  it('has the values of sequences, and what materialized views hold', async () => {
    const asked = `SELECT schemaname || '.' || sequencename AS name, last_value::text AS value FROM pg_sequences
                   UNION ALL SELECT schemaname || '.' || matviewname, ispopulated::text FROM pg_matviews
                   UNION ALL SELECT 'sum', s::text FROM oc_materialized_views.mm ORDER BY 1`;
    const held = await server.sql('classes', asked);
    expect(held.length).toBeGreaterThan(10);
    expect(await server.sql('again', asked)).toEqual(held);
  });

  it.each(classes)('restores $name as they were', (one) => {
    const made = entriesOf(before, one);
    // its schema alone would be nothing
    expect(made.length).toBeGreaterThan(1);
    expect(entriesOf(after, one)).toEqual(made);
  });

  it('restores nothing else', () => {
    const shown = ({ entries }: ArchiveToc) =>
      entries
        .filter(({ type }) => type !== 'DATABASE')
        .map(comparable)
        .sort(byText);
    expect(shown(after)).toEqual(shown(before));
  });
});

/** An entry without its numbers, which are new in each archive. */
const comparable = ({ type, schema, name, owner, definition }: TocEntry) => ({ type, schema, name, owner, definition });

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

function entriesOf({ entries }: ArchiveToc, { schema }: ObjectClass) {
  const named = new RegExp(`\\b${schema}(?![a-z_])`);
  return entries
    .filter((entry) => named.test(`${entry.schema} ${entry.name} ${entry.definition}`))
    .map(comparable)
    .sort(byText);
}
