import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REASONS, type Reason } from '../../lib/domain/outcomes.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { freePort } from '../../lib/local/servers/free-port.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { dumpKey, NightRig } from '../support/night-rig.ts';
import { databaseReceipt } from '../support/receipts.ts';
import { leaksOf } from '../support/secret-leaks.ts';

/** Passwords that can be told from anything else that is written anywhere. */
const PASSWORD = `right-pässw\\rd 'q"`;
const WRONG_PASSWORD = `wrong-pässw\\rd 'q"`;

const SCHEDULED_TIME = new Date(Date.now() - 3_600_000);
const SLOT = slotOf(SCHEDULED_TIME);

interface Trouble {
  readonly id: string;
  readonly reason: Reason;
  readonly detail: RegExp;
  readonly tries: number;
}

const TROUBLES: readonly Trouble[] = [
  { id: 'wrong-password', reason: 'auth', detail: /connecting to 127\.0\.0\.1:\d+: SQLSTATE 28P01/, tries: 1 },
  { id: 'no-such-role', reason: 'auth', detail: /SQLSTATE 28/, tries: 1 },
  { id: 'closed-port', reason: 'unreachable', detail: /connecting to 127\.0\.0\.1:\d+: ECONNREFUSED/, tries: 4 },
  { id: 'no-such-host', reason: 'unreachable', detail: /connecting to db\.invalid:5432: E[A-Z_]+/, tries: 4 },
  { id: 'without-tls', reason: 'unreachable', detail: /connecting to .*TLS/, tries: 4 },
  { id: 'no-such-database', reason: 'no-database', detail: /SQLSTATE 3D000/, tries: 1 },
  { id: 'no-such-secret', reason: 'secret', detail: /night\/missing/, tries: 1 },
  { id: 'odd-secret', reason: 'secret', detail: /night\/odd/, tries: 1 },
  { id: 'table', reason: 'permission', detail: /table public\.ledger\. Run: GRANT SELECT ON TABLE public\.ledger TO /, tries: 1 },
  { id: 'schema', reason: 'permission', detail: /schema private.*Run: .*GRANT USAGE ON SCHEMA private TO /, tries: 1 },
  {
    id: 'large-object',
    reason: 'permission',
    detail: /large object 4711\. Run: GRANT SELECT ON LARGE OBJECT 4711 TO /,
    tries: 1,
  },
  { id: 'row-security', reason: 'row-security', detail: /table public\.patient\. Run: ALTER ROLE .* BYPASSRLS;/, tries: 1 },
];

/** What the details say to run, and a database in which to run it. */
const CURABLE = ['table', 'schema', 'large-object', 'row-security'];

let server: DatabaseRig;
let rig: NightRig;
let night: Execution;

beforeAll(async () => {
  server = await DatabaseRig.start();
  const role = `CREATE ROLE "back up" LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`;
  await server.sql('postgres', role);
  const readable = `CREATE TABLE open (i int); INSERT INTO open VALUES (1); GRANT SELECT ON open TO "back up";`;
  await server.database('whole', readable);
  await server.database('table', `${readable} CREATE TABLE ledger (i int); INSERT INTO ledger VALUES (1)`);
  await server.database('schema', `${readable} CREATE SCHEMA private; CREATE TABLE private.diary (i int)`);
  await server.database('large-object', `${readable} SELECT lo_from_bytea(4711, 'x')`);
  await server.database(
    'row-security',
    `${readable} CREATE TABLE patient (i int); INSERT INTO patient VALUES (1), (2); GRANT SELECT ON patient TO "back up";
     ALTER TABLE patient ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON patient USING (i = 1)`,
  );
  const login = (fields: object = {}) => server.secret({ username: 'back up', password: PASSWORD, ...fields });
  const databases = ['whole', ...CURABLE];
  rig = await NightRig.start({
    connections: {
      main: { secret: 'night/main' },
      'wrong-password': { secret: 'night/wrong' },
      'no-such-role': { secret: 'night/stranger' },
      'closed-port': { secret: 'night/main', port: await freePort() },
      'no-such-host': { secret: 'night/main', host: 'db.invalid', port: 5432 },
      'without-tls': { secret: 'night/main', sslMode: 'verify-full' },
      'no-such-secret': { secret: 'night/missing' },
      'odd-secret': { secret: 'night/odd' },
    },
    secrets: {
      'night/main': login(),
      'night/wrong': login({ password: WRONG_PASSWORD }),
      'night/stranger': login({ username: 'stranger' }),
      'night/odd': `postgresql://back%20up:${encodeURIComponent(PASSWORD)}@127.0.0.1/whole`,
    },
    sources: [
      ...TROUBLES.map(({ id }) => ({
        id,
        database: databases.includes(id) || id === 'no-such-database' ? id : 'whole',
        connection: databases.includes(id) || id === 'no-such-database' ? 'main' : id,
      })),
      { id: 'whole', database: 'whole', connection: 'main' },
    ],
  });
  night = await rig.night({ scheduledTime: SCHEDULED_TIME.toISOString() });
});

afterAll(async () => {
  await rig?.stop();
  await server?.stop();
});

it.each(TROUBLES)('fails $id for its own reason ($reason), with what to do', async ({ id, reason, detail, tries }) => {
  const outcome = await rig.outcome(SLOT, id);
  const { remedy, retryable } = REASONS[reason];
  expect(outcome).toMatchObject({ status: 'failed', tries, failure: { reason, remedy, retryable } });
  expect(outcome.status === 'failed' && outcome.failure.detail).toMatch(detail);
});

it('tells the same in the mail', async () => {
  const [mail] = await rig.mails(SLOT);
  const all = TROUBLES.length + 1;
  expect(mail?.subject).toBe(`nightproof FAILED: ${TROUBLES.length} of ${all} failed, ${SLOT}`);
  const words = mail?.message.replace(/\s+/g, ' ');
  for (const { id, reason, tries } of TROUBLES) {
    const outcome = await rig.outcome(SLOT, id);
    const said = outcome.status === 'failed' ? outcome.failure.detail.replace(/\s+/g, ' ') : '';
    const times = tries > 1 ? ` (${tries} tries)` : '';
    expect(words).toContain(`FAILED ${id}${times} Reason ${reason}: ${said} What to do ${REASONS[reason].remedy}`);
  }
});

it('has no backup of any of them, and one of the source that is well', async () => {
  expect(await rig.keys('daily/')).toEqual([dumpKey(SLOT, 'whole'), `${dumpKey(SLOT, 'whole')}.manifest.json`]);
  expect(await rig.openUploads()).toEqual([]);
  expect(await rig.outcome(SLOT, 'whole')).toMatchObject({ status: 'verified' });
  expect(night).toMatchObject({ status: 'FAILED', error: 'Nightproof.NightFailed' });
});

it('has one remedy for each reason, and none for two', async () => {
  const { sources } = await rig.record(SLOT);
  const failures = sources.flatMap((outcome) => (outcome.status === 'failed' ? [outcome.failure] : []));
  const pairs = new Set(failures.map(({ reason, remedy }) => `${reason}: ${remedy}`));
  const reasons = new Set(failures.map(({ reason }) => reason));
  expect(reasons.size).toBe(6);
  expect([pairs.size, new Set(failures.map(({ remedy }) => remedy)).size]).toEqual([reasons.size, reasons.size]);
});

describe('when the operator has run what the details say', () => {
  let second: Execution;

  beforeAll(async () => {
    for (const id of CURABLE) {
      const outcome = await rig.outcome(SLOT, id);
      const [, statements = ''] = /Run: (.*)$/.exec(outcome.status === 'failed' ? outcome.failure.detail : '') ?? [];
      await server.sql(id, statements);
    }
    second = await rig.night({ slot: SLOT, sources: CURABLE });
  });

  it('verifies those sources in the same slot', async () => {
    expect(second).toMatchObject({ status: 'SUCCEEDED' });
    for (const id of CURABLE) expect(await rig.outcome(SLOT, id, 2)).toMatchObject({ status: 'verified' });
    const { contents } = databaseReceipt((await rig.manifest(SLOT, 'row-security')).receipt);
    expect(contents.tables.find(({ name }) => name === 'patient')?.rows).toBe(2);
  });

  it('has shown no password to anybody', async () => {
    expect(await leaksOf(rig, [PASSWORD, WRONG_PASSWORD, server.server.password], [night, second])).toEqual([]);
  });
});
