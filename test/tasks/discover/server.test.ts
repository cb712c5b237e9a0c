import { createServer, type Server } from 'node:net';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundKey } from '../../../lib/domain/backup/keys.ts';
import type { ServerGroup } from '../../../lib/domain/source/source.ts';
import { isSourceId } from '../../../lib/domain/source/source-id.ts';
import { SlotText } from '../../../lib/domain/time/slot.ts';
import { freePort } from '../../../lib/local/servers/free-port.ts';
import { DatabaseRig } from '../../support/database-rig.ts';
import { DiscoverRig } from '../../support/discover-rig.ts';
import { ODD_NAMES } from '../../support/every-kind.ts';
import { SUNDAY } from '../../support/night.ts';
import { serverOf } from '../../support/sources.ts';

const PASSWORD = `disco'v\\er "1%`;
const WRONG = `CANARY wr\\ong "2%`;

/** What a server that is nobody's example holds beside the odd names. */
const PLAIN = ['shop', 'shop_test', 'journal', 'forbidden'];

let server: DatabaseRig;
let rig: DiscoverRig;
/** Takes connections and says nothing. */
let silent: Server;
/** Fulfilled when somebody has connected to it. */
let connected: Promise<void>;

beforeAll(async () => {
  [server, rig] = await Promise.all([DatabaseRig.start(), DiscoverRig.start()]);
  await server.sql('postgres', `CREATE ROLE finder LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
  for (const name of [...PLAIN, ...ODD_NAMES, 'closed', 'mould', 'rdsadmin']) await server.database(name);
  for (const statement of [
    'REVOKE CONNECT ON DATABASE forbidden FROM PUBLIC',
    'ALTER DATABASE closed ALLOW_CONNECTIONS false',
    'ALTER DATABASE mould IS_TEMPLATE true',
  ])
    await server.sql('postgres', statement);

  silent = createServer();
  connected = new Promise((resolve) => silent.once('connection', () => resolve()));
  const silentPort = await new Promise<number>((resolve) =>
    silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port)),
  );
  const login = (fields: object = {}) => server.secret({ username: 'finder', password: PASSWORD, ...fields });
  await rig.secret('right', login());
  await rig.secret('wrong', login({ password: WRONG }));
  await rig.secret('silent', login({ port: silentPort }));
  await rig.secret('nobody', login({ port: await freePort() }));
});

afterAll(async () => {
  silent?.close();
  await rig?.stop();
  await server?.stop();
});

const groupOf = (id: string, facts: Partial<ServerGroup> = {}, secret = 'right'): ServerGroup =>
  serverOf(id, { connection: { secret, auth: 'password', sslMode: 'disable' }, ...facts });

const only = (...include: string[]): Partial<ServerGroup> => ({ include });

describe('what is found on a server', () => {
  it('is every database that takes connections, whatever its name and also where its role may not connect', async () => {
    const group = groupOf('all', { exclude: ['audit.*'], portable: true, plan: 'weekends' });
    const { exitCode, findings, output, tries } = await rig.discover(group);
    expect([exitCode, tries]).toEqual([0, []]);
    expect(output).toContain('Discover:Done');
    expect(findings?.present).toEqual(['postgres', ...PLAIN, ...ODD_NAMES].sort());
    expect(findings?.sources.map((source) => source.kind === 'database' && source.database)).toEqual(findings?.present);

    const { kind: _, include: __, excludeDatabases: ___, id: ____, ...settings } = group;
    for (const source of findings?.sources ?? []) {
      expect(source).toMatchObject({ ...settings, kind: 'database', foundBy: 'all' });
      expect(isSourceId(source.id)).toBe(true);
    }
    expect(new Set(findings?.sources.map(({ id }) => id)).size).toBe(PLAIN.length + ODD_NAMES.length + 1);
    expect(findings?.sources.map(({ id }) => id)).toEqual(expect.arrayContaining(['all-shop', 'all-shop_test']));
    expect(findings?.notes).toEqual([]);
  });

  it('is what fits one of include and none of excludeDatabases', async () => {
    const { findings } = await rig.discover(groupOf('some', { include: ['shop*', 'j?urnal'], excludeDatabases: ['*_test'] }));
    expect(findings?.present).toEqual(['journal', 'shop']);
  });

  it('may be nothing, which is said', async () => {
    const { exitCode, findings } = await rig.discover(groupOf('none', only('no such *')));
    expect([exitCode, findings?.sources]).toEqual([0, []]);
    expect(findings?.notes).toEqual(['no database of the server fits include and excludeDatabases']);
  });
});

describe('what changed since the run before', () => {
  const at = (slot: string, attempt = 1) => ({ run: { slot: SlotText.parse(slot), attempt } });

  it('is told over the border of a month, by the newest run that looked', async () => {
    const group = groupOf('moving', only('moving_*'));
    await server.database('moving_old');
    await server.database('moving_on');
    expect((await rig.discover(group, at('20260128_020000'))).findings?.notes).toEqual([]);

    await server.sql('postgres', 'DROP DATABASE moving_old');
    await server.database('moving_in');
    // a run between the two, of another group, which says nothing of this one
    await rig.discover(groupOf('moving-2', only('journal')), at('20260228_020000'));
    const second = await rig.discover(group, at('20260301_020000'));
    expect(second.findings?.notes).toEqual([
      '"moving_in": appeared since the last run',
      '"moving_old": no longer there (what was backed up of it is kept)',
    ]);
    expect((await rig.discover(group, at('20260302_020000'))).findings?.notes).toEqual([]);
  });

  it('is measured against no later run, and against none of the same slot', async () => {
    const group = groupOf('late', only('late_*'));
    await server.database('late_one');
    await rig.discover(group, at('20260411_020000'));
    await server.database('late_two');
    // finishing an older slot, when a newer one has seen less
    expect((await rig.discover(group, at('20260410_020000'))).findings?.notes).toEqual([]);
    // the second attempt at the newer slot goes by the older one, as the first did
    expect((await rig.discover(group, at('20260411_020000', 2))).findings).toMatchObject({
      present: ['late_one', 'late_two'],
      notes: [],
    });
  });
});

it('leaves the findings of the first try as they are, whatever a second one sees', async () => {
  const group = groupOf('twice', only('twice_*'));
  await server.database('twice_there');
  const first = await rig.discover(group);
  await server.database('twice_new');
  const second = await rig.discover(group);

  expect(second).toMatchObject({ exitCode: 0, tries: [] });
  expect(second.findings).toEqual(first.findings);
  expect(second.findings?.present).toEqual(['twice_there']);
  const versions = new ListObjectVersionsCommand({
    Bucket: rig.store.bucket,
    Prefix: foundKey({ slot: SUNDAY, attempt: 1 }, 'twice'),
  });
  expect((await rig.store.s3.send(versions)).Versions).toHaveLength(1);
});

describe('a look that fails', () => {
  it('for a wrong password is on record as auth, and not worth another try', async () => {
    const { exitCode, findings, tries, output } = await rig.discover(groupOf('locked', {}, 'wrong'));
    expect([exitCode, findings]).toEqual([1, undefined]);
    expect(tries).toMatchObject([
      { result: 'failure', failure: { reason: 'auth', retryable: false, detail: expect.stringContaining('SQLSTATE 28P01') } },
    ]);
    expect(output + JSON.stringify(tries)).not.toContain('CANARY');
  });

  it('for a server that does not answer is worth another try', async () => {
    const { exitCode, findings, tries } = await rig.discover(groupOf('away', {}, 'nobody'));
    expect([exitCode, findings]).toEqual([75, undefined]);
    expect(tries).toMatchObject([{ failure: { reason: 'unreachable', retryable: true } }]);
  });

  it('because it was told to stop is cancelled, at once, and leaves no findings', async () => {
    const { exitCode, findings, tries } = await rig.discover(groupOf('stopped', {}, 'silent'), {
      started: (pid) => void connected.then(() => process.kill(pid, 'SIGTERM')),
    });
    expect([exitCode, findings]).toEqual([143, undefined]);
    expect(tries).toMatchObject([{ failure: { reason: 'cancelled' } }]);
  });
});
