import { z } from 'zod';
import {
  isExecutionName,
  restorePlanKey,
  restoreServicesKey,
  restoreServicesStoppedKey,
} from '../../lib/domain/backup/operation-keys.ts';
import { STOPPING_SECONDS } from '../../lib/domain/limits.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { RestorePlan } from '../../lib/domain/restore/restore-plan.ts';
import { StoppedServices } from '../../lib/domain/restore/restore-record.ts';
import type { EcsService } from '../../lib/domain/restore/restore-target.ts';
import { ExecutionEnded } from '../../lib/domain/run/execution-ended.ts';
import type { Services } from '../../lib/runtime/ecs-services.ts';
import { readRestorePlan } from '../../lib/runtime/restore-documents.ts';
import type { Vault } from '../../lib/runtime/vault.ts';

const Name = z.string().refine(isExecutionName);
const Asked = z.strictObject({ action: z.enum(['stop', 'look', 'start']), name: Name });

/** Tasks get 30 s to end unless their service says otherwise, at most 2 min; load balancers take 5 min to let go of them. */
const STOP_WITHIN_MS = 15 * 60_000;

export interface ServicesDependencies {
  readonly vault: Vault;
  readonly services: Services;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
}

export interface ServicesResult {
  /** Whether no task is there any more. */
  readonly gone: boolean;
  /** Whether each is as it was before it was stopped. */
  readonly running: boolean;
}

/**
 * Stops the services of a restore's target, looks whether they are gone, and starts them again: asked by the state machine, or by the rule
 * that sees executions end which no graph can catch. Each may be repeated at any time.
 */
export const services =
  (dependencies: ServicesDependencies) =>
  async (payload: unknown): Promise<ServicesResult> => {
    const asked = Asked.safeParse(payload);
    if (!asked.success) return afterEnd(dependencies, ExecutionEnded.parse(payload).detail.name);
    const { action, name } = asked.data;
    if (action === 'stop') return stop(dependencies, name);
    return action === 'look' ? look(dependencies, name) : start(dependencies, name);
  };

/** What runs is written down before the first is stopped; a repeated call goes by what was written first. */
async function stop(dependencies: ServicesDependencies, name: string): Promise<ServicesResult> {
  const { vault, services: ecs, now } = dependencies;
  const plan = await readRestorePlan(vault, name);
  const before: StoppedServices = { version: 1, at: now().toISOString(), services: [] };
  for (const service of plan.target.services)
    before.services.push({ ...service, desiredCount: (await ecs.counts(service)).desired });
  await vault.putOnce(restoreServicesKey(name), before);

  const recorded = await stoppedServices(dependencies, name);
  for (const service of recorded?.services ?? []) await ecs.scale(nameOf(service), 0);
  await vault.putOnce(restoreServicesStoppedKey(name), { version: 1, at: now().toISOString() });
  return { gone: false, running: false };
}

/** Throws `services` where they take too long. */
async function look(dependencies: ServicesDependencies, name: string): Promise<ServicesResult> {
  const { services: ecs, now } = dependencies;
  const recorded = await stoppedServices(dependencies, name);
  if (!recorded) throw new Failure('services', `nothing says which services ${name} stopped`);
  const left: string[] = [];
  for (const service of recorded.services) {
    const { present } = await ecs.counts(nameOf(service));
    if (present > 0) left.push(`${service.cluster}/${service.service} (${present})`);
  }
  if (left.length > 0 && now().getTime() > Date.parse(recorded.at) + STOP_WITHIN_MS)
    throw new Failure('services', `tasks are still running after 15 minutes: ${left.join(', ')}`);
  return { gone: left.length === 0, running: false };
}

/** Only what this restore set to 0 and nobody has started since; a service that had no task before stays so. Each is tried, whatever became of the others. */
async function start(dependencies: ServicesDependencies, name: string): Promise<ServicesResult> {
  const { services: ecs } = dependencies;
  const recorded = await stoppedServices(dependencies, name);
  const trouble: Failure[] = [];
  for (const service of recorded?.services ?? [])
    try {
      if ((await ecs.counts(nameOf(service))).desired === 0 && service.desiredCount > 0)
        await ecs.scale(nameOf(service), service.desiredCount);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      trouble.push(error);
    }
  if (trouble.length > 0) throw new Failure('services', trouble.map(({ message }) => message).join('; '));
  return { gone: false, running: true };
}

/** An execution that was aborted while it stopped services may still be stopping them: the function that does it runs on until its time is over. */
async function afterEnd(dependencies: ServicesDependencies, name: string): Promise<ServicesResult> {
  const { vault, pause } = dependencies;
  const plan = isExecutionName(name) ? await vault.readJson(restorePlanKey(name), RestorePlan) : undefined;
  if (!plan || plan.target.services.length === 0) return { gone: false, running: true };
  const started = await start(dependencies, name);
  if (await vault.head(restoreServicesStoppedKey(name))) return started;
  await pause(STOPPING_SECONDS * 1000);
  return start(dependencies, name);
}

const stoppedServices = ({ vault }: ServicesDependencies, name: string): Promise<StoppedServices | undefined> =>
  vault.readJson(restoreServicesKey(name), StoppedServices);

const nameOf = ({ cluster, service }: EcsService): EcsService => ({ cluster, service });
