import type { PlanSchedule } from '../config/config.ts';
import { type Found, NOTHING_FOUND } from '../source/found.ts';
import { type ConfiguredSource, isGroup, type Source, volumeOf } from '../source/source.ts';
import { parseDuration } from '../time/duration.ts';
import { instantOf, parseSlot, type Slot, slotOf } from '../time/slot.ts';
import { ExecutionInput, type JobItem, PLAIN_TASK, type Plan } from './plan.ts';
import { NIGHTLY, type PlanName } from './plan-name.ts';
import { InputRefused, isInputObject, readForm, shown } from './refused-input.ts';

/** Clocks of the scheduler and of the state machine differ by seconds; a slot further ahead than this is a mistake. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

const MAX_LISTED = 50;

/** What an execution was asked to do, its names resolved. */
export interface NightRequest {
  readonly slot: Slot;
  readonly plan: PlanName;
  readonly trigger: Plan['trigger'];
  readonly reason?: string;
  /** How long after its time a scheduled run started. */
  readonly lateSeconds?: number;
  /** Whether the slot was named by hand, in order to finish it: then it must have been begun. */
  readonly finishes: boolean;
  /** Whether the sources were named one by one. */
  readonly named?: boolean;
  readonly sources: readonly ConfiguredSource[];
}

/** As much of a configuration as a request is read by. */
export interface Offer {
  readonly sources: readonly ConfiguredSource[];
  /** The nightly schedule, and the others by name. */
  readonly schedule: PlanSchedule;
  readonly schedules: Readonly<Record<PlanName, PlanSchedule>>;
}

/**
 * Checks what an execution was started with, and resolves it against the configuration. Throws `InputRefused`.
 *
 * A scheduled run contains the enabled sources of its plan; a run by hand those it names, enabled or not and of any plan, else the
 * enabled ones of the plan that it names.
 */
export function readRequest(input: unknown, offer: Offer, startedAt: Date): NightRequest {
  const parsed = parseInput(input);
  const slot = slotFor(parsed, startedAt);
  if (instantOf(slot).getTime() > startedAt.getTime() + CLOCK_TOLERANCE_MS)
    throw new InputRefused([`slot ${slot} lies in the future (this execution started at ${startedAt.toISOString()})`]);

  const plan = parsed.plan ?? NIGHTLY;
  const schedule = scheduleOf(plan, offer);
  const ofPlan = offer.sources.filter((source) => source.enabled && (source.plan ?? NIGHTLY) === plan);
  if ('scheduledTime' in parsed)
    return {
      slot,
      plan,
      trigger: 'schedule',
      finishes: false,
      sources: ofPlan,
      ...lateness(parsed.scheduledTime, schedule, startedAt),
    };
  return {
    slot,
    plan,
    trigger: 'manual',
    ...(parsed.reason !== undefined && { reason: parsed.reason }),
    finishes: parsed.slot !== undefined,
    ...(parsed.sources && { named: true }),
    sources: parsed.sources ? named(parsed.sources, offer.sources) : ofPlan,
  };
}

function scheduleOf(plan: PlanName, { schedule, schedules }: Offer): PlanSchedule {
  const all: Record<string, PlanSchedule> = { [NIGHTLY]: schedule, ...schedules };
  const found = Object.hasOwn(all, plan) ? all[plan] : undefined;
  if (found) return found;
  throw new InputRefused([`no plan has the name ${shown(plan)}; there are: ${Object.keys(all).join(', ')}`]);
}

/** Nobody who starts a run by hand is late. */
function lateness(scheduledTime: string, { startTolerance }: PlanSchedule, startedAt: Date): { lateSeconds?: number } {
  const late = Math.round((startedAt.getTime() - Date.parse(scheduledTime)) / 1000);
  return late > (parseDuration(startTolerance) as number) ? { lateSeconds: late } : {};
}

/** The two forms of the input are told apart first: a union's own messages would speak of both. */
function parseInput(input: unknown): ExecutionInput {
  const [scheduled, manual] = ExecutionInput.options;
  if (!isInputObject(input)) throw new InputRefused(['it must be a JSON object; {} backs up every enabled source']);

  return 'scheduledTime' in input ? readForm(scheduled, input) : readForm(manual, input);
}

function slotFor(input: ExecutionInput, startedAt: Date): Slot {
  if ('scheduledTime' in input) return slotOf(new Date(input.scheduledTime));
  return (input.slot && parseSlot(input.slot)) ?? slotOf(startedAt);
}

function named(ids: readonly string[], sources: readonly ConfiguredSource[]): readonly ConfiguredSource[] {
  const wanted = new Set(ids);
  const found = sources.filter((source) => wanted.delete(source.id));
  if (wanted.size === 0) return found;
  throw new InputRefused([
    `no source has the id ${[...wanted].map((id) => shown(id)).join(', ')}; there are: ${listed(sources)}`,
  ]);
}

/** The known ids; of a large fleet the first, since Step Functions cuts a cause at 32 KiB. */
function listed(sources: readonly ConfiguredSource[]): string {
  const ids = sources.slice(0, MAX_LISTED).map((source) => source.id);
  const more = sources.length - ids.length;
  return `${ids.join(', ') || 'none'}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What the vault says of an attempt that somebody claimed before. */
export interface EarlierClaim {
  readonly plan: Plan;
  /** Whether its run record exists: its report is out, so nothing of it runs any more. */
  readonly finished: boolean;
}

/**
 * What a claim that is already there means for an execution that wants the slot:
 * `ours` (a repeated call of the same step), `busy` (its owner may still be running), `over` (finished, or its owner cannot be alive).
 */
export function judgeClaim({ plan, finished }: EarlierClaim, execution: string, now: Date): 'ours' | 'busy' | 'over' {
  if (plan.execution === execution) return 'ours';
  return finished || now.getTime() > Date.parse(plan.leaseUntil) ? 'over' : 'busy';
}

/** All that a run backs up, once its groups have been looked into. Sources of groups that failed are not known. */
export const sourcesOf = ({ sources }: Pick<Plan, 'sources'>, found: Found = NOTHING_FOUND): readonly Source[] => [
  ...sources.filter((source): source is Source => !isGroup(source)),
  ...found.sources,
];

/** Sources of this run that need no task any more. */
export const alreadyVerifiedIn = (plan: Pick<Plan, 'alreadyVerified'>, found: Found = NOTHING_FOUND): ReadonlySet<string> =>
  new Set([...plan.alreadyVerified, ...found.alreadyVerified]);

/** The sources that this attempt has to back up. */
export function jobsOf(plan: Pick<Plan, 'sources' | 'alreadyVerified'>, found?: Found): readonly JobItem[] {
  const done = alreadyVerifiedIn(plan, found);
  return sourcesOf(plan, found)
    .filter(({ id }) => !done.has(id))
    .map(itemOf);
}

/** The groups that have to be looked into before the jobs are known. */
export const groupsOf = ({ sources }: Pick<Plan, 'sources'>): readonly JobItem[] => sources.filter(isGroup).map(itemOf);

const itemOf = (source: ConfiguredSource): JobItem => ({ id: source.id, task: volumeOf(source) ?? PLAIN_TASK });
