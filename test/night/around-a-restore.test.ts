import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { restoreRecordKey } from '../../lib/domain/backup/operation-keys.ts';
import { RestoreRecord } from '../../lib/domain/restore/restore-record.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import { DatabaseRig } from '../support/database-rig.ts';
import { EcsService } from '../support/ecs-service.ts';
import { NightRig } from '../support/night-rig.ts';

const SCHEDULED_TIME = new Date(Date.now() - 3_600_000);
const SLOT = slotOf(SCHEDULED_TIME);

let server: DatabaseRig;
let rig: NightRig;
let web: EcsService;
let health: Server;
let status = 200;
const asked: { desired: number }[] = [];

beforeAll(async () => {
  server = await DatabaseRig.start();
  for (const name of ['shop', 'crm']) await server.database(name, 'CREATE TABLE entry AS SELECT generate_series(1, 100) i');
  health = createServer((_, response) => {
    void web.counts().then(({ desired }) => {
      asked.push({ desired });
      response.writeHead(status).end('{"status":"ok"}');
    });
  });
  await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(health.address() as AddressInfo).port}/health`;
  const around = (container: string) => ({
    connection: 'main',
    services: [{ cluster: 'apps', service: 'web' }],
    after: {
      task: { cluster: 'apps', taskDefinition: `app-${container}`, container, command: ['migrate'], within: '1m' },
      probe: { url, contains: '"ok"', within: '1s' },
    },
  });
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' } },
    secrets: { 'night/main': server.secret() },
    sources: [
      { id: 'roles', kind: 'globals', connection: 'main' },
      { id: 'shop', database: 'shop', connection: 'main' },
      { id: 'crm', database: 'crm', connection: 'main' },
    ],
    more: { restore: { targets: { good: around('good'), bad: around('bad') } } },
    cloud: {
      foreignTasks: {
        'app-good': ['node', '-e', 'process.exit(process.argv[1] === "migrate" ? 0 : 9)'],
        'app-bad': ['node', '-e', 'process.exit(3)'],
      },
    },
  });
  web = await EcsService.running(rig.cloud.endpoints, { cluster: 'apps', name: 'web', tasks: 1 });
  const night = await rig.night({ scheduledTime: SCHEDULED_TIME.toISOString() });
  if (night.status !== 'SUCCEEDED') throw new Error(`the night ended ${night.status}`);
});

afterAll(async () => {
  web?.close();
  health?.closeAllConnections();
  health?.close();
  await rig?.stop();
  await server?.stop();
});

async function restore(name: string, target: string): Promise<{ execution: Execution; record: RestoreRecord; states: string[] }> {
  const execution = await rig.cloud.execute(
    { backup: { source: 'shop' }, target, overSource: true, confirm: `${target}/shop` },
    { of: 'RestoreStateMachineArn', name },
  );
  const states = execution.events.flatMap((event) => (event.type === 'StateEntered' ? [event.state] : []));
  return { execution, record: await rig.read(restoreRecordKey(name), RestoreRecord), states };
}

it('the hook runs while the services are down, and the address is asked when they are up again', async () => {
  const { execution, record, states } = await restore('all-well', 'good');
  expect(execution.status).toBe('SUCCEEDED');
  expect(record).toMatchObject({ status: 'restored', services: [{ service: 'web', running: true }] });
  const order = ['StopServices', 'Items', 'Hook good', 'StartServices', 'Probe good', 'EndRestore'];
  expect(states.filter((state) => order.includes(state))).toEqual(order);
  expect(asked.at(-1)).toEqual({ desired: 1 });
});

it('a hook that fails is named with its exit code, services run again, and nobody asks for their health', async () => {
  const before = asked.length;
  const { execution, record } = await restore('no-migration', 'bad');
  expect(execution).toMatchObject({ status: 'FAILED', error: 'Nightproof.RestoreFailed' });
  expect(record).toMatchObject({
    items: [{ result: 'restored' }],
    failure: { reason: 'hook', detail: expect.stringContaining('app-bad') },
  });
  expect(record.failure?.detail).toContain('exit code 3');
  expect(await web.counts()).toEqual({ desired: 1, running: 1 });
  expect(asked).toHaveLength(before);
});

it('an address that does not answer as it should fails the restore, and says what it answered', async () => {
  status = 503;
  const { record } = await restore('unwell', 'good');
  expect(record).toMatchObject({ failure: { reason: 'probe', detail: expect.stringContaining('another status') } });
});

it('a whole set is restored one after the other, roles first', async () => {
  status = 200;
  const input = { backup: { set: SLOT }, target: 'good', overSource: true, confirm: `good/set ${SLOT}` };
  const execution = await rig.cloud.execute(input, { of: 'RestoreStateMachineArn', name: 'whole-set' });
  expect(execution.status).toBe('SUCCEEDED');
  const { items } = await rig.read(restoreRecordKey('whole-set'), RestoreRecord);
  expect(items.map(({ item, result }) => `${item.sourceId} ${result}`)).toEqual([
    'roles restored',
    'crm restored',
    'shop restored',
  ]);
});
