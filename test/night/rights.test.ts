import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DatabaseRig } from '../support/database-rig.ts';
import { EcsService } from '../support/ecs-service.ts';
import { NightRig } from '../support/night-rig.ts';
import { RecordingProxy } from '../support/recording-proxy.ts';
import { type NeededRight, rightsFor } from '../support/s3-rights.ts';
import { type Resource, statements } from '../support/synthesized.ts';
import { plant } from '../support/tree-rig.ts';

/** Nothing here enforces policies, so what each step asked of S3 in a real night is held against the policies of its role. */
const TASK = 'task';

const proxies = new Map<string, RecordingProxy>();
let server: DatabaseRig;
let volume: string;
let rig: NightRig;
let resources: Record<string, Resource>;

beforeAll(async () => {
  server = await DatabaseRig.start();
  await server.database('shop', 'CREATE TABLE customer AS SELECT i AS id FROM generate_series(1, 100) i');
  volume = mkdtempSync(join(tmpdir(), 'nightproof-rights-'));
  // long at rest: a folder that still changes would wait
  plant(volume, { 'one.txt': 'one', 'exports/2026-04-10/a.csv': 'a' });
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' }, nowhere: { secret: 'night/nowhere' } },
    secrets: { 'night/main': server.secret(), 'night/nowhere': server.secret({ port: 1 }) },
    sources: [
      { id: 'shop', database: 'shop', connection: 'main' },
      { id: 'gone', database: 'shop', connection: 'nowhere' },
      { id: 'all', kind: 'server', connection: 'main', include: ['shop'] },
      { id: 'roles', kind: 'globals', connection: 'main' },
      { id: 'uploads', kind: 'files', volume: 'media' },
      { id: 'exports', kind: 'datedFolders', volume: 'media', folder: 'exports', settled: '1s' },
    ],
    more: {
      keep: { daily: 1, weekly: 1, monthly: 1, yearly: 1 },
      volumes: { media: { fileSystemId: 'fs-0123456789abcdef0', accessPointId: 'fsap-0123456789abcdef0' } },
      restore: { targets: { back: { connection: 'main', volume: 'media', services: [{ cluster: 'apps', service: 'web' }] } } },
    },
    cloud: {
      volumes: { 'fs-0123456789abcdef0': volume },
      s3OfTasks: (endpoint) => recorded(endpoint, TASK),
      s3OfFunction: recorded,
    },
  });
  ({ Resources: resources } = JSON.parse(readFileSync(join(rig.folder, 'cdk.out/night.template.json'), 'utf8')));
  // three nights, so that there is something to remove
  for (const night of [0, 1, 2])
    await rig.night({ scheduledTime: new Date(Date.now() - (2 - night) * 86_400_000).toISOString() });
  await proofs();
});

/** A restore of a database, of a tree, and one that is refused; a drill; a patrol of everything. */
async function proofs(): Promise<void> {
  const web = await EcsService.running(rig.cloud.endpoints, { cluster: 'apps', name: 'web', tasks: 1 });
  web.close();
  const restore = { of: 'RestoreStateMachineArn' };
  const shop = { backup: { source: 'shop' }, target: 'back', mode: 'new', database: 'shop_again', confirm: 'back/shop_again' };
  const uploads = { backup: { source: 'uploads' }, target: 'back', folder: 'again', confirm: 'back/again' };
  const ended = [
    await rig.cloud.execute(shop, restore),
    await rig.cloud.execute(uploads, restore),
    await rig.cloud.execute({ sources: ['shop'] }, { of: 'DrillStateMachineArn' }),
    await rig.cloud.execute({ share: '100%' }, { of: 'PatrolStateMachineArn' }),
  ];
  for (const { status, arn, cause } of ended) if (status !== 'SUCCEEDED') throw new Error(`${arn} ended ${status}: ${cause}`);
  await rig.cloud.execute({ ...shop, confirm: 'no' }, restore);
  await rig.cloud.deliveries();
}

afterAll(async () => {
  await rig?.stop();
  await server?.stop();
  rmSync(volume, { recursive: true, force: true });
  for (const proxy of proxies.values()) await proxy.stop();
});

async function recorded(endpoint: string, who: string): Promise<string> {
  const proxy = await RecordingProxy.start(endpoint);
  proxies.set(who, proxy);
  return proxy.endpoint;
}

it('asks of S3, in every step and in the task, nothing that its role does not allow', () => {
  const refused = [...proxies].flatMap(([who, { requests }]) => {
    const allowed = rolesOf(who).flatMap(allowances);
    const needed = requests.flatMap(rightsFor).filter((right) => !allowed.some((allow) => allow(right)));
    return needed.map(({ action, key }) => `${who}: ${action} on ${key || 'the bucket'}`);
  });
  expect([...new Set(refused)]).toEqual([]);
});

it('has heard every step, and seen backups removed', () => {
  expect([...proxies.keys()].filter((who) => proxies.get(who)?.requests.length === 0)).toEqual([]);
  // the task, nine functions of the night, five of a restore, three of a drill, two of a patrol
  expect(proxies.size).toBe(20);
  const actions = new Set(
    [...proxies.values()].flatMap(({ requests }) => requests.flatMap(rightsFor)).map(({ action }) => action),
  );
  for (const action of ['s3:DeleteObject', 's3:PutObjectTagging', 's3:GetObjectVersion', 's3:ListBucketMultipartUploads'])
    expect(actions).toContain(action);
});

/** The role of a function, by its logical id, or those of the tasks, which are heard as one: a definition for each volume has its own. */
function rolesOf(who: string): string[] {
  const holders = Object.entries(resources).filter(([id, { Type }]) =>
    who === TASK ? Type === 'AWS::ECS::TaskDefinition' : id === who,
  );
  const roles = holders.map(
    ([, { Properties }]) => (Properties[who === TASK ? 'TaskRoleArn' : 'Role'] as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0],
  );
  expect(roles.length, who).toBeGreaterThan(0);
  return roles;
}

/** What the policies of a role allow, as tests of a right. */
function allowances(role: string): ((right: NeededRight) => boolean)[] {
  const held = Object.fromEntries(
    Object.entries(resources).filter(
      ([, { Type, Properties }]) => Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles).includes(`"${role}"`),
    ),
  );
  return statements(held).flatMap(({ effect, actions, resources: targets }) =>
    effect !== 'Allow' ? [] : targets.map((target) => (right) => actions.includes(right.action) && covers(target, right.key)),
  );
}

/** Whether a resource of a statement, as JSON of the template, covers a key of the vault, or the vault itself. */
function covers(target: string, key: string): boolean {
  if (!target.includes('"VaultBucket')) return false;
  const [, pattern] = /"\/([^"]*)"/.exec(target) ?? [];
  if (pattern === undefined) return key === '';
  const [beginning = '', ending] = pattern.split('*');
  return ending === undefined ? key === pattern : key !== '' && key.startsWith(beginning) && key.endsWith(ending);
}
