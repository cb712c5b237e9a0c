import { beforeEach, describe, expect, it } from 'vitest';
import { services } from '../../functions/services/services.ts';
import { restoreServicesKey } from '../../lib/domain/backup/operation-keys.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { EcsService } from '../../lib/domain/restore/restore-target.ts';
import type { Services } from '../../lib/runtime/ecs-services.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { begunRestore, targetOf, WEB, WORKER } from '../support/restores.ts';

/** Services that follow at once, as far as they are let. */
class Applications implements Services {
  readonly desired = new Map([
    ['web', 3],
    ['worker', 0],
  ]);
  readonly lingering = new Map<string, number>();
  broken: string | undefined;
  onScale: (service: string) => void = () => undefined;

  async counts({ service }: EcsService) {
    if (service === this.broken) throw new Failure('services', `DescribeServices ${service}: ServiceNotFoundException`);
    const desired = this.desired.get(service) ?? 0;
    return { desired, present: Math.max(desired, this.lingering.get(service) ?? 0) };
  }

  async scale({ service }: EcsService, count: number): Promise<void> {
    this.onScale(service);
    this.desired.set(service, count);
  }
}

const ended = (name: string) => ({ source: 'aws.states', detail: { name, executionArn: 'arn', status: 'ABORTED' } });

let vault: MemoryVault;
let apps: Applications;
let clock: Date;
let pauses: number[];
let whilePausing: () => Promise<unknown>;

const call = (payload: object) =>
  services({
    vault,
    services: apps,
    now: () => clock,
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
      await whilePausing();
    },
  })(payload);
const act = (action: 'stop' | 'look' | 'start') => call({ action, name: 'r1' });

beforeEach(() => {
  vault = new MemoryVault();
  apps = new Applications();
  clock = new Date('2026-04-20T08:00:00Z');
  pauses = [];
  whilePausing = async () => undefined;
  begunRestore(vault, 'r1', { target: targetOf({ services: [WEB, WORKER] }) });
});

describe('the step for services', () => {
  it('writes down how many tasks each has before it stops the first', async () => {
    let recordedBefore = false;
    apps.onScale = () => {
      recordedBefore ||= vault.keys().includes(restoreServicesKey('r1'));
    };
    await act('stop');
    expect(recordedBefore).toBe(true);
    expect(vault.json(restoreServicesKey('r1'))).toMatchObject({
      services: [
        { ...WEB, desiredCount: 3 },
        { ...WORKER, desiredCount: 0 },
      ],
    });
    expect([...apps.desired.values()]).toEqual([0, 0]);
  });

  it('goes by what it wrote first when it is called again: by then they have no task', async () => {
    await act('stop');
    await act('stop');
    await act('start');
    expect(apps.desired.get('web')).toBe(3);
  });

  it('starts each with as many tasks as it had, and one that had none with none', async () => {
    await act('stop');
    expect(await act('start')).toMatchObject({ running: true });
    expect([...apps.desired]).toEqual([
      ['web', 3],
      ['worker', 0],
    ]);
  });

  it('leaves a service alone that somebody has started since', async () => {
    await act('stop');
    apps.desired.set('web', 1);
    await act('start');
    expect(apps.desired.get('web')).toBe(1);
  });

  it('says that they are gone only when no task is left', async () => {
    await act('stop');
    apps.lingering.set('web', 1);
    expect(await act('look')).toMatchObject({ gone: false });
    apps.lingering.clear();
    expect(await act('look')).toMatchObject({ gone: true });
  });

  it('gives up, naming what still runs, after a quarter of an hour', async () => {
    await act('stop');
    apps.lingering.set('web', 2);
    clock = new Date(clock.getTime() + 16 * 60_000);
    await expect(act('look')).rejects.toMatchObject({
      name: 'Nightproof.services',
      message: expect.stringContaining('apps/web (2)'),
    });
  });

  it('starts the others where one cannot be started, and fails by the name of that one', async () => {
    await act('stop');
    apps.desired.set('worker', 0);
    apps.broken = 'worker';
    await expect(act('start')).rejects.toMatchObject({ name: 'Nightproof.services', message: expect.stringContaining('worker') });
    expect(apps.desired.get('web')).toBe(3);
  });

  it('has nothing to start where nothing was stopped', async () => {
    expect(await act('start')).toMatchObject({ running: true });
  });
});

describe('the rule that sees a restore end', () => {
  it('starts its services, and waits for nobody where all were stopped before', async () => {
    await act('stop');
    await call(ended('r1'));
    expect(apps.desired.get('web')).toBe(3);
    expect(pauses).toEqual([]);
  });

  it('looks again after the step that stops them can run no longer: an abort does not reach a function', async () => {
    whilePausing = () => act('stop');
    await call(ended('r1'));
    expect(pauses).toEqual([30_000]);
    expect(apps.desired.get('web')).toBe(3);
  });

  it('does nothing for a restore that was never begun, and for one whose target has no services', async () => {
    begunRestore(vault, 'r2');
    for (const name of ['r2', 'unknown', '../x']) expect(await call(ended(name))).toMatchObject({ running: true });
    expect(pauses).toEqual([]);
  });
});
