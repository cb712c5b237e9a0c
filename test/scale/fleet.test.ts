import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { artifactKey, foundKey, jobsKey, manifestKey, runRecordKey } from '../../lib/domain/backup/keys.ts';
import { readConfig } from '../../lib/domain/config/config-file.ts';
import { RunRecord } from '../../lib/domain/run/run-record.ts';
import { isGroup, type ServerGroup } from '../../lib/domain/source/source.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import { deployedMachines } from '../../lib/local/cloud/deployed-machines.ts';
import { type DeployedMachine, Execution } from '../../lib/local/cloud/execution.ts';
import { LocalCloud } from '../../lib/local/cloud/local-cloud.ts';
import { synthesize } from '../../lib/local/cloud/synthesize.ts';
import { S3Vault } from '../../lib/runtime/s3-vault.ts';
import { FLEET, FLEET_CONFIG, FleetVault, findingsOf, fleetPorts, WRITTEN } from '../support/fleet.ts';
import { PlainVault } from '../support/fleet-history.ts';
import { type Invocation, measured, showInvocation } from '../support/measured-function.ts';
import { minutesAfter } from '../support/night.ts';
import { type Usage, usageOf } from '../support/step-functions-limits.ts';
import { toolchain } from '../support/toolchain.ts';

const MAX_PAYLOAD_BYTES = 32 * 1024;
const MAX_HISTORY = 500;

const SCHEDULED_TIME = new Date();
const SLOT = slotOf(SCHEDULED_TIME);
const hoursBefore = (hours: number) => slotOf(minutesAfter(SLOT, -hours * 60));

let folder: string;
let cloud: LocalCloud;
let machine: DeployedMachine;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nightproof-fleet-'));
  const config = join(folder, 'nightproof.yaml');
  writeFileSync(config, FLEET_CONFIG);
  const assembly = await synthesize({ outdir: join(folder, 'cdk.out'), config });
  cloud = await LocalCloud.start({ assembly, dir: join(folder, 'local'), toolchain: await toolchain() });
  const [deployed] = (await deployedMachines(cloud.deployment, cloud.endpoints)).values();
  if (!deployed) throw new Error('the deployment has no state machine');
  machine = deployed;
});

afterAll(async () => {
  await cloud?.stop();
  // several at a time: one after the other, tens of thousands of files can take minutes on a busy disk
  await rm(folder, { recursive: true, force: true });
});

/** The step that a function is, by its logical id. */
function stepOf(arn: string): string {
  const { created } = cloud.deployment.report;
  const found = created.find(({ type, physicalId }) => type === 'AWS::Lambda::Function' && arn.endsWith(`:${physicalId}`));
  return /^Steps(\w+?)Function/.exec(found?.logicalId ?? '')?.[1] ?? '';
}

const most = (usages: readonly Usage[], of: keyof Usage): number => Math.max(...usages.map((usage) => usage[of]));

describe.each([
  {
    fleet: 'written one by one, some of which fail',
    plan: undefined,
    fails: (id: string) => id.endsWith('50'),
    failsOnce: (id: string) => id.endsWith('25'),
    failed: 20,
  },
  { fleet: 'found on one server', plan: 'found', fails: () => false, failsOnce: () => false, failed: 0 },
])(`a night of ${FLEET} databases $fleet`, ({ plan, fails, failsOnce, failed }) => {
  const vault = new FleetVault();
  let execution: Execution;
  let parent: Usage;
  let children: readonly Usage[];

  beforeAll(async () => {
    const ports = fleetPorts({ vault, now: () => minutesAfter(SLOT, 1), stepOf, fails, failsOnce });
    const input = { scheduledTime: SCHEDULED_TIME.toISOString(), ...(plan && { plan }) };
    execution = await new Execution(machine, ports, { name: 'fleet', input }).ended;
    ({ parent, children } = usageOf(execution, machine.machine));
    const shown = (of: keyof Usage) => `${parent[of]}, a child ${most(children, of)}`;
    process.stdout.write(
      `history: the night ${shown('history')} events; largest payload: the night ${shown('payloadBytes')} bytes\n`,
    );
  });

  it('comes to its end, with each of them settled', () => {
    expect(execution.status).toBe(failed > 0 ? 'FAILED' : 'SUCCEEDED');
    const record = RunRecord.parse(vault.json(runRecordKey({ slot: SLOT, attempt: 1, ...(plan && { plan }) })));
    expect(record.sources).toHaveLength(FLEET);
    expect(record.sources.filter(({ status }) => status === 'failed')).toHaveLength(failed);
    expect(record.sources.filter(({ tries }) => tries === 2)).toHaveLength(plan ? 0 : 20);
    expect(record.failure).toBeUndefined();
    expect(vault.keys('daily/')).toHaveLength(2 * (FLEET - failed));
  });

  it('hands no more than 32 KiB from state to state', () => {
    expect(parent.payloadBytes).toBeLessThan(MAX_PAYLOAD_BYTES);
    expect(most(children, 'payloadBytes')).toBeLessThan(MAX_PAYLOAD_BYTES);
  });

  it('has less than 500 events in the history of the night, and of each child', () => {
    expect(children).toHaveLength(FLEET);
    expect(parent.history).toBeLessThan(MAX_HISTORY);
    expect(most(children, 'history')).toBeLessThan(MAX_HISTORY);
  });
});

describe(`the steps of such a night, each in the memory and the time of its function, over a real store with ${FLEET} sources`, () => {
  const NIGHTS = [hoursBefore(72), hoursBefore(24)];
  const FAILED = WRITTEN.filter((_, n) => n % 50 === 0);
  const LEFTOVERS = WRITTEN.slice(0, 100).map((sourceId) => dumpKey(sourceId, hoursBefore(20)));
  const invocations = new Map<string, Invocation>();
  let vault: S3Vault;
  let stop: () => void;

  beforeAll(async () => {
    const s3 = cloud.s3Client();
    stop = () => s3.destroy();
    vault = new S3Vault(s3, cloud.vaultBucket);
    const plain = new PlainVault(join(folder, 'local/vault', cloud.vaultBucket));
    const { sources } = readConfig(FLEET_CONFIG, 'fleet.yaml');
    const [group] = sources.filter((source): source is ServerGroup => source.kind === 'server');
    const written = sources.filter((source) => !isGroup(source));
    for (const [n, slot] of NIGHTS.entries()) plain.night(slot, written, NIGHTS.slice(0, n));
    for (const key of LEFTOVERS) plain.put(key, 'half a dump', minutesAfter(SLOT, -20 * 60));

    const planKey = await planned('Plan', 'written');
    plain.jobs({ slot: SLOT }, WRITTEN, (id) => FAILED.includes(id));
    for (const step of ['Retain', 'Sweep', 'Report']) await run(step, step, { planKey });

    const foundPlanKey = await planned('Plan of the group', 'found', 'found');
    if (group) plain.put(foundKey(ofFound, group.id), findingsOf(group, SCHEDULED_TIME), SCHEDULED_TIME);
    await run('Expand', 'Expand', { planKey: foundPlanKey });
  });

  afterAll(() => stop?.());

  const ofFound = { slot: SLOT, plan: 'found', attempt: 1 };

  async function planned(name: string, execution: string, plan?: string): Promise<string> {
    const scheduledTime = SCHEDULED_TIME.toISOString();
    const input = { scheduledTime, ...(plan && { plan }) };
    return z.looseObject({ planKey: z.string() }).parse(await run(name, 'Plan', { input, execution, startedAt: scheduledTime }))
      .planKey;
  }

  async function run(name: string, step: string, payload: object) {
    const fn = cloud.functions.find(({ arn }) => stepOf(arn) === step);
    if (!fn) throw new Error(`there is no step ${step}`);
    const invocation = await measured(fn, payload);
    invocations.set(name, invocation);
    process.stdout.write(`${showInvocation(name, invocation)}\n`);
    return invocation.answer;
  }

  const answerOf = (name: string) => invocations.get(name)?.answer;

  it('plan each of them, or the group', () => {
    expect(answerOf('Plan')).toMatchObject({ claimed: true, jobs: FLEET, groups: [] });
    expect(answerOf('Plan of the group')).toMatchObject({ claimed: true, jobs: 0, groups: [{ id: 'all', task: 'plain' }] });
  });

  it('make a job of each that the group found', async () => {
    expect(answerOf('Expand')).toEqual({ jobs: FLEET });
    const jobs = await vault.readJson(jobsKey(ofFound), z.array(z.strictObject({ id: z.string(), task: z.literal('plain') })));
    expect(new Set(jobs?.map(({ id }) => id)).size).toBe(FLEET);
  });

  it('remove what the rules no longer ask for, of those that were verified, and what was left behind', async () => {
    const verified = FLEET - FAILED.length;
    expect(answerOf('Retain')).toEqual({ removed: verified, kept: verified * NIGHTS.length });
    expect(answerOf('Sweep')).toEqual({ removed: LEFTOVERS.length, aborted: 0 });
    const expected = WRITTEN.flatMap((id) => {
      const slots = FAILED.includes(id) ? NIGHTS : [...NIGHTS.slice(1), SLOT];
      return slots.flatMap((slot) => [dumpKey(id, slot), manifestKey(dumpKey(id, slot))]);
    });
    const keys: string[] = [];
    for await (const { key } of vault.list('daily/')) keys.push(key);
    expect(keys).toEqual(expected.sort());
  });

  it('report all of them', async () => {
    const summary = `nightproof FAILED: ${FAILED.length} of ${FLEET} failed, ${SLOT}`;
    expect(answerOf('Report')).toEqual({ status: 'failed', summary });
    const record = await vault.readJson(runRecordKey({ slot: SLOT, attempt: 1 }), RunRecord);
    expect(record?.sources).toHaveLength(FLEET);
    expect((await cloud.messages()).map(({ subject }) => subject)).toEqual([summary]);
  });

  it.each(['Plan', 'Plan of the group', 'Expand', 'Retain', 'Sweep', 'Report'])('finish well inside of both: %s', (name) => {
    const { lambdaCpuSeconds = NaN, timeoutSeconds = 0, peakMiB = NaN, memoryMiB = 0 } = invocations.get(name) ?? {};
    expect(lambdaCpuSeconds).toBeLessThan(timeoutSeconds / 2);
    expect(peakMiB).toBeLessThan(memoryMiB * 0.75);
  });
});

function dumpKey(sourceId: string, slot: typeof SLOT): string {
  return artifactKey({ tier: 'daily', sourceId, slot, format: 'dump' });
}
