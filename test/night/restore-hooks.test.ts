import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { restoreRecordKey } from '../../lib/domain/backup/operation-keys.ts';
import { RestoreRecord } from '../../lib/domain/restore/restore-record.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { EcsService } from '../support/ecs-service.ts';
import { NightRig } from '../support/night-rig.ts';
import { scratchFolderUntilEnd } from '../support/scratch-folder.ts';

/** Stands for the application's own task: it leaves its arguments behind, and ends as it is told to. */
const MIGRATION = `const { writeFileSync } = require('node:fs');
const [file, ...args] = process.argv.slice(1);
writeFileSync(file, JSON.stringify(args));
process.exit(args.includes('fail') ? 3 : 0);`;

let server: DatabaseRig;
let rig: NightRig;
let web: EcsService;
let site: Server;
/** What the site answers next; the last answer stays. */
let answers: { readonly status: number; readonly text: string }[];
let asked: { readonly desired: number }[];
const folder = scratchFolderUntilEnd();
const migrated = join(folder, 'migrated.json');

beforeAll(async () => {
  site = createServer((_, reply) => {
    void web.counts().then((counts) => {
      asked.push(counts);
      const { status, text } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500, text: '' };
      reply.writeHead(status).end(text);
    });
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/health`;

  server = await DatabaseRig.start();
  await server.database('shop', `CREATE TABLE purchase AS SELECT i, md5(i::text) AS note FROM generate_series(1, 2000) i`);
  const task = { cluster: 'apps', taskDefinition: 'app-web', container: 'web' };
  const target = (command: readonly string[], sql: readonly string[]) => ({
    connection: 'main',
    services: [{ cluster: 'apps', service: 'web' }],
    before: { sql: [`CREATE SCHEMA extra`] },
    after: { sql, task: { ...task, command: [...command] }, probe: { url, contains: '"ok"', within: '5s' } },
  });
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' } },
    secrets: { 'night/main': server.secret() },
    sources: [{ id: 'shop', database: 'shop', connection: 'main' }],
    more: {
      restore: {
        targets: {
          app: target(
            ['python', 'manage.py', 'migrate'],
            ['CREATE TABLE extra.stamp AS SELECT count(*) AS purchases FROM purchase'],
          ),
          broken: target(['fail'], []),
        },
      },
    },
    cloud: { foreignTasks: { 'app-web': [process.execPath, '-e', MIGRATION, '--', migrated] } },
  });
  web = await EcsService.running(rig.cloud.endpoints, { cluster: 'apps', name: 'web', tasks: 2 });
  const { status } = await rig.night({ sources: ['shop'] });
  if (status !== 'SUCCEEDED') throw new Error(`the night ended ${status}`);
});

afterAll(async () => {
  site?.closeAllConnections();
  site?.close();
  web?.close();
  await rig?.stop();
  await server?.stop();
});

beforeEach(() => {
  asked = [];
  answers = [{ status: 200, text: '{"status":"ok"}' }];
  rmSync(migrated, { force: true });
});

async function restore(name: string, target: string) {
  const input = { backup: { source: 'shop' }, target, database: name, mode: 'new', confirm: `${target}/${name}` };
  const execution = await rig.cloud.startExecution(input, { of: 'RestoreStateMachineArn', name }).ended;
  const states = execution.events.flatMap((event) => (event.type === 'StateEntered' ? [event.state] : []));
  return { execution, states, record: await rig.read(restoreRecordKey(name), RestoreRecord) };
}

describe('around a restore', () => {
  it('the statements before and after it, the command of the application and the question to it have their turn', async () => {
    answers = [{ status: 503, text: 'starting' }, ...answers];

    const { execution, record, states } = await restore('well', 'app');

    expect(execution, JSON.stringify(record)).toMatchObject({ status: 'SUCCEEDED' });
    expect(record).toMatchObject({ status: 'restored', services: [{ service: 'web', desiredCount: 2, running: true }] });
    expect(await server.sql('well', 'SELECT purchases::int FROM extra.stamp')).toEqual([{ purchases: 2000 }]);
    expect(JSON.parse(readFileSync(migrated, 'utf8'))).toEqual(['python', 'manage.py', 'migrate']);
    // the command while nothing else is there, the question when all runs again
    const order = ['StopServices', 'Items', 'Hook app', 'StartServices', 'Probe app', 'EndRestore'];
    expect(states.filter((state) => order.includes(state))).toEqual(order);
    // asked again after the 503, and only once the service was to run again
    expect(asked.map(({ desired }) => desired)).toEqual([2, 2]);
  });

  it('a command that fails is told of, with the database restored and the service running', async () => {
    const { execution, record } = await restore('unmigrated', 'broken');

    expect(existsSync(migrated)).toBe(true);
    expect(execution.status).toBe('FAILED');
    expect(record).toMatchObject({ status: 'failed', failure: { reason: 'hook' }, items: [{ result: 'restored' }] });
    expect(record.failure?.detail).toContain('exit code 3');
    expect(await web.counts()).toEqual({ desired: 2, running: 2 });
    // what is known to be broken is asked nothing
    expect(asked).toEqual([]);
  });

  it('an application that does not answer as it should is told of, with what it answered', async () => {
    answers = [{ status: 200, text: '{"status":"down"}' }];

    const { execution, record } = await restore('unwell', 'app');

    expect(execution.status).toBe('FAILED');
    expect(record).toMatchObject({ status: 'failed', failure: { reason: 'probe' }, items: [{ result: 'restored' }] });
    expect(asked.length).toBeGreaterThan(1);
    expect(await web.counts()).toEqual({ desired: 2, running: 2 });
  });
});
