import { readFileSync, writeFileSync } from 'node:fs';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DamageRecord } from '../../../lib/domain/backup/damage.ts';
import { damagedKey } from '../../../lib/domain/backup/keys.ts';
import { restoreItemKey, restorePlanKey, restoreProgressPrefix } from '../../../lib/domain/backup/operation-keys.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import type { RestoreItem, RestorePlan } from '../../../lib/domain/restore/restore-plan.ts';
import { RestoreItemRecord, RestoreProgress } from '../../../lib/domain/restore/restore-record.ts';
import { SlotText } from '../../../lib/domain/time/slot.ts';
import { clientFolders, findClients } from '../../../lib/runtime/postgres/clients.ts';
import type { Ticker } from '../../../lib/runtime/ticker.ts';
import { type RestoreTaskDependencies, restoreTask } from '../../../tasks/restore/restore-task.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { clientPath } from '../../support/dump-rig.ts';
import { committed, STAMP } from '../../support/restore-rig.ts';
import { globalsOf } from '../../support/sources.ts';
import { variedDatabase } from '../../support/varied-database.ts';
import { VaultRig } from '../../support/vault-rig.ts';

let store: VaultRig;
let server: DatabaseRig;
let other: DatabaseRig;
beforeAll(async () => {
  [store, server, other] = await Promise.all([VaultRig.start(), DatabaseRig.start(), DatabaseRig.start()]);
  await server.database('shop', variedDatabase());
});
afterAll(() => Promise.all([store.stop(), server.stop(), other.stop()]));

const connection = { secret: 'shop-secret', auth: 'password', sslMode: 'disable' } as const;

/** Writes the plan of a restore with these items, into the second server. */
async function planned(name: string, items: readonly RestoreItem[], facts: Partial<RestorePlan> = {}): Promise<void> {
  const plan: RestorePlan = {
    version: 1,
    name,
    execution: `arn:aws:states:eu-west-3:123456789012:execution:Restore:${name}`,
    stamp: SlotText.parse(STAMP),
    requestedAt: '2026-11-27T08:00:00Z',
    request: {
      backup: { set: 'latest' },
      target: 'staging',
      mode: 'swap',
      replace: false,
      compare: true,
      overSource: false,
      production: false,
      confirm: 'staging/set latest',
    },
    targetName: 'staging',
    target: { connection, production: false, services: [], before: { sql: [] }, after: { sql: [] } },
    items: [...items],
    ...facts,
  };
  await store.vault.putOnce(restorePlanKey(name), plan);
}

const deps = (overrides: Partial<RestoreTaskDependencies> = {}): RestoreTaskDependencies => ({
  vault: store.vault,
  credentials: other.credentials(),
  clients: async () => findClients(await clientFolders(await clientPath())),
  ticker: { now: () => 0, every: () => () => undefined },
  now: () => new Date('2026-11-27T08:01:00Z'),
  signal: new AbortController().signal,
  ...overrides,
});

const silent = { started() {}, phase() {}, done() {}, failed() {}, unrecorded() {} };

async function run(name: string, item: number, overrides: Partial<RestoreTaskDependencies> = {}) {
  const exitCode = await restoreTask({ name, item }, deps(overrides), silent);
  return { exitCode, record: await store.vault.readJson(restoreItemKey(name, item), RestoreItemRecord) };
}

const databaseItem = (n: number, key: string, sourceId: string, database: string): RestoreItem => ({
  n,
  key,
  sourceId,
  kind: 'database',
  database,
  mode: 'swap',
  owners: true,
  compare: true,
});

describe('the task of a restore', () => {
  it('restores the roles of a server, then a database that belongs to them', async () => {
    await server.sql('postgres', `CREATE ROLE keeper LOGIN PASSWORD 'secret word'; CREATE ROLE staff; GRANT staff TO keeper`);
    await server.sql('postgres', `ALTER ROLE keeper SET search_path = 'public'; COMMENT ON ROLE staff IS 'reads; and writes'`);
    await server.database('owned', 'CREATE TABLE things AS SELECT 1 AS n; ALTER TABLE things OWNER TO keeper');
    const globals = await committed(server, store, globalsOf('roles', { connection }));
    const owned = await committed(server, store, server.source('owned', { id: 'owned' }));
    await planned('roles-first', [
      { n: 0, key: globals.key, sourceId: 'roles', kind: 'globals' },
      databaseItem(1, owned.key, 'owned', 'owned'),
    ]);

    const early = await run('roles-first', 1);
    expect(early).toMatchObject({ exitCode: 1, record: { result: 'failed', phase: 'preflight', failure: { reason: 'roles' } } });
    expect(early.record).not.toHaveProperty('left');

    expect(await run('roles-first', 0)).toMatchObject({
      exitCode: 0,
      record: { result: 'restored', restored: { kind: 'globals', skippedRoles: ['postgres'] }, warnings: [] },
    });
    const roles = 'SELECT rolname, rolcanlogin, rolpassword, rolconfig FROM pg_authid LEFT JOIN pg_roles USING (rolname)';
    const own = `WHERE rolname IN ('keeper', 'staff') ORDER BY rolname`;
    const asked = roles.replace('rolconfig', 'pg_roles.rolconfig').replace('rolcanlogin', 'pg_authid.rolcanlogin');
    const exact = asked.replace('rolpassword', 'pg_authid.rolpassword');
    expect(await other.sql('postgres', `${exact} ${own}`)).toEqual(await server.sql('postgres', `${exact} ${own}`));
    const member = `SELECT pg_has_role('keeper', 'staff', 'MEMBER') AS member, shobj_description('staff'::regrole, 'pg_authid') AS says`;
    expect(await other.sql('postgres', member)).toEqual([{ member: true, says: 'reads; and writes' }]);

    await planned('roles-second', [databaseItem(0, owned.key, 'owned', 'owned')]);
    expect(await run('roles-second', 0)).toMatchObject({ exitCode: 0, record: { result: 'restored' } });
    expect(await other.sql('owned', `SELECT tableowner FROM pg_tables WHERE tablename = 'things'`)).toEqual([
      { tableowner: 'keeper' },
    ]);
  });

  it('restores what is encrypted with the identity of the secret, and says so where there is none', async () => {
    const identity = await generateIdentity();
    const recipients = [await identityToRecipient(identity)];
    const { key } = await committed(server, store, server.source('shop', { id: 'sealed', recipients }));
    const items = [databaseItem(0, key, 'sealed', 'unsealed')];
    const withSecret = (text: string) => ({
      credentials: { ...other.credentials(), secretText: async (id: string) => (id === 'age' ? text : other.secret()) },
    });

    await planned('sealed-without', items);
    expect(await run('sealed-without', 0)).toMatchObject({ exitCode: 1, record: { failure: { reason: 'identity' } } });
    await planned('sealed-wrong', items, { identity: 'age' });
    expect(await run('sealed-wrong', 0, withSecret(await generateIdentity()))).toMatchObject({
      exitCode: 1,
      record: { phase: 'verify', failure: { reason: 'identity' } },
    });
    await planned('sealed-nothing', items, { identity: 'age' });
    expect(await run('sealed-nothing', 0, withSecret('{"password": "x"}'))).toMatchObject({
      record: { failure: { reason: 'identity' } },
    });
    await planned('sealed-right', items, { identity: 'age' });
    expect(await run('sealed-right', 0, withSecret(`# created: today\n${identity}\n`))).toMatchObject({
      exitCode: 0,
      record: { result: 'restored', restored: { database: 'unsealed', compared: true, tables: 11 } },
    });
  });

  it('restores an item once: a record that is there stands', async () => {
    const { key } = await committed(server, store, server.source('shop', { id: 'once' }));
    await planned('once', [databaseItem(0, key, 'once', 'once')]);
    const first = await run('once', 0);
    expect(first).toMatchObject({ exitCode: 0, record: { restored: { database: 'once' } } });
    const [before] = await other.sql('postgres', `SELECT oid FROM pg_database WHERE datname = 'once'`);
    expect(await run('once', 0)).toEqual(first);
    expect(await other.sql('postgres', `SELECT oid FROM pg_database WHERE datname = 'once'`)).toEqual([before]);
  });

  it('does not restore what was found damaged', async () => {
    const { key } = await committed(server, store, server.source('shop', { id: 'rotten' }));
    await store.vault.putOnce(damagedKey(key), {});
    await planned('rotten', [databaseItem(0, key, 'rotten', 'rotten')]);
    expect(await run('rotten', 0)).toMatchObject({ exitCode: 1, record: { phase: 'verify', failure: { reason: 'damaged' } } });
  });

  it('says beside a backup that it is damaged where it is, and does not touch the target', async () => {
    const { key } = await committed(server, store, server.source('shop', { id: 'flipped' }));
    const bytes = readFileSync(store.path(key));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 4, bytes.length - 100);
    writeFileSync(store.path(key), bytes);
    await planned('flipped', [databaseItem(0, key, 'flipped', 'flipped')]);
    expect(await run('flipped', 0)).toMatchObject({ exitCode: 1, record: { phase: 'verify', failure: { reason: 'damaged' } } });
    expect(await store.vault.readJson(damagedKey(key), DamageRecord)).toMatchObject({ key, foundBy: 'restore' });
    expect(await other.sql('postgres', `SELECT datname FROM pg_database WHERE datname LIKE 'flipped%'`)).toEqual([]);
  });

  it('tells how far it is, ever more seldom, and ends with 143 where it is told to stop', async () => {
    const { key } = await committed(server, store, server.source('shop', { id: 'stopped' }));
    await planned('stopped', [databaseItem(0, key, 'stopped', 'stopped')]);
    const stop = new AbortController();
    let seconds = 0;
    let look: () => void = () => undefined;
    const ticker: Ticker = {
      now: () => seconds * 1000,
      every: (_, callback) => {
        look = callback;
        return () => undefined;
      },
    };
    const clients = async () => {
      for (; seconds <= 300; seconds++) look();
      stop.abort(new Failure('cancelled', 'told to stop'));
      return findClients(await clientFolders(await clientPath()));
    };
    const { exitCode, record } = await run('stopped', 0, { ticker, clients, signal: stop.signal });
    expect({ exitCode, record }).toMatchObject({
      exitCode: 143,
      record: { result: 'failed', phase: 'restore', failure: { reason: 'cancelled' } },
    });

    const keys = await store.keys(restoreProgressPrefix('stopped', 0));
    expect(keys).toHaveLength(7); // after 5, 15, 35, 75, 135, 195, 255 seconds
    const progress = await store.vault.readJson(keys[0] ?? '', RestoreProgress);
    expect(progress).toMatchObject({ phase: 'preflight' });
    expect(await other.sql('postgres', `SELECT datname FROM pg_database WHERE datname LIKE 'stopped%'`)).toEqual([]);
  });
});
