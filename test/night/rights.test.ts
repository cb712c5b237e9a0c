import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DatabaseRig } from '../support/database-rig.ts';
import { NightRig } from '../support/night-rig.ts';
import { RecordingProxy } from '../support/recording-proxy.ts';
import { type NeededRight, rightsFor } from '../support/s3-rights.ts';
import { type Resource, statements } from '../support/synthesized.ts';

/** Nothing here enforces policies, so what each step asked of S3 in a real night is held against the policies of its role. */
const TASK = 'task';

const proxies = new Map<string, RecordingProxy>();
let server: DatabaseRig;
let rig: NightRig;
let resources: Record<string, Resource>;

beforeAll(async () => {
  server = await DatabaseRig.start();
  await server.database('shop', 'CREATE TABLE customer AS SELECT i AS id FROM generate_series(1, 100) i');
  rig = await NightRig.start({
    connections: { main: { secret: 'night/main' }, nowhere: { secret: 'night/nowhere' } },
    secrets: { 'night/main': server.secret(), 'night/nowhere': server.secret({ port: 1 }) },
    sources: [
      { id: 'shop', database: 'shop', connection: 'main' },
      { id: 'gone', database: 'shop', connection: 'nowhere' },
    ],
    more: { keep: { daily: 1, weekly: 1, monthly: 1, yearly: 1 } },
    cloud: { s3OfTasks: (endpoint) => recorded(endpoint, TASK), s3OfFunction: recorded },
  });
  ({ Resources: resources } = JSON.parse(readFileSync(join(rig.folder, 'cdk.out/night.template.json'), 'utf8')));
  // three nights, so that there is something to remove
  for (const night of [0, 1, 2])
    await rig.night({ scheduledTime: new Date(Date.now() - (2 - night) * 86_400_000).toISOString() });
});

afterAll(async () => {
  await rig?.stop();
  await server?.stop();
  for (const proxy of proxies.values()) await proxy.stop();
});

async function recorded(endpoint: string, who: string): Promise<string> {
  const proxy = await RecordingProxy.start(endpoint);
  proxies.set(who, proxy);
  return proxy.endpoint;
}

it('asks of S3, in every step and in the task, nothing that its role does not allow', () => {
  const refused = [...proxies].flatMap(([who, { requests }]) => {
    const allowed = allowances(roleOf(who));
    const needed = requests.flatMap(rightsFor).filter((right) => !allowed.some((allow) => allow(right)));
    return needed.map(({ action, key }) => `${who}: ${action} on ${key || 'the bucket'}`);
  });
  expect([...new Set(refused)]).toEqual([]);
});

it('has heard every step, and seen backups removed', () => {
  expect([...proxies.keys()].filter((who) => proxies.get(who)?.requests.length === 0)).toEqual([]);
  expect(proxies.size).toBe(8);
  const actions = new Set(
    [...proxies.values()].flatMap(({ requests }) => requests.flatMap(rightsFor)).map(({ action }) => action),
  );
  for (const action of ['s3:DeleteObject', 's3:PutObjectTagging', 's3:GetObjectVersion', 's3:ListBucketMultipartUploads'])
    expect(actions).toContain(action);
});

/** The role of a function, by its logical id, or of the task. */
function roleOf(who: string): string {
  const [, holder] =
    who === TASK
      ? (Object.entries(resources).find(([, { Type }]) => Type === 'AWS::ECS::TaskDefinition') ?? [])
      : [who, resources[who]];
  const role = (holder?.Properties[who === TASK ? 'TaskRoleArn' : 'Role'] as { 'Fn::GetAtt': [string] } | undefined)?.[
    'Fn::GetAtt'
  ][0];
  if (!role) throw new Error(`${who} has no role in the template`);
  return role;
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
  return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) && key !== '' : key === pattern;
}
