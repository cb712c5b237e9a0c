import { stringify } from 'yaml';
import type { ZodType } from 'zod';
import { expand } from '../../functions/expand/expand.ts';
import { manifest } from '../../functions/manifest/manifest.ts';
import { outcome } from '../../functions/outcome/outcome.ts';
import { plan } from '../../functions/plan/plan.ts';
import { promote } from '../../functions/promote/promote.ts';
import { report } from '../../functions/report/report.ts';
import { retain } from '../../functions/retain/retain.ts';
import { sweep } from '../../functions/sweep/sweep.ts';
import { verify } from '../../functions/verify/verify.ts';
import { foundKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { readConfig } from '../../lib/domain/config/config-file.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import { foundDatabases } from '../../lib/domain/source/found-databases.ts';
import type { ServerGroup } from '../../lib/domain/source/source.ts';
import type { Json, JsonObject } from '../../lib/local/cloud/json.ts';
import { objectIn, textOf } from '../../lib/local/cloud/json.ts';
import type { Ports } from '../../lib/local/cloud/run-states.ts';
import { StatesError } from '../../lib/local/cloud/states-error.ts';
import { readJob, readPlan } from '../../lib/runtime/run-documents.ts';
import type { ObjectTags } from '../../lib/runtime/vault.ts';
import { MemoryVault } from './memory-vault.ts';
import { failedTry, receiptOf } from './night.ts';

export const FLEET = 2000;

const names = Array.from({ length: FLEET }, (_, n) => `customer_${String(n + 1).padStart(4, '0')}`);

/** The id of each database that is written down. */
export const WRITTEN = names.map((name) => `written-${name}`);

/** A configuration with a fleet twice: written down one by one, and as one server that holds it, in a plan of its own. */
export const FLEET_CONFIG = stringify({
  name: 'night',
  connections: { main: { secret: 'fleet/main' } },
  keep: { daily: '2d' },
  schedules: { found: { cron: '0 3 * * *' } },
  sources: [
    ...names.map((database) => ({ id: `written-${database}`, database, connection: 'main' })),
    { id: 'all', kind: 'server', connection: 'main', schedule: 'found' },
  ],
});

/** What the server of the group holds. */
export const findingsOf = (group: ServerGroup, at: Date) => ({
  version: 1 as const,
  groupId: group.id,
  at: at.toISOString(),
  ...foundDatabases({ group, databases: names, before: undefined }),
});

/** A vault in memory for many keys: listing costs what it yields, and a document, which is never overwritten, is parsed once. */
export class FleetVault extends MemoryVault {
  readonly #sorted: string[] = [];
  readonly #read = new Map<string, unknown>();

  override put(key: string, body: Buffer | string | object, tags: ObjectTags = {}): void {
    const at = this.#from(key);
    if (this.#sorted[at] !== key) this.#sorted.splice(at, 0, key);
    super.put(key, body, tags);
  }

  override keys(prefix = ''): string[] {
    const found: string[] = [];
    for (let at = this.#from(prefix); this.#sorted[at]?.startsWith(prefix); at++) found.push(this.#sorted[at] ?? '');
    return found;
  }

  override async readJson<T>(key: string, schema: ZodType<T>): Promise<T | undefined> {
    if (!this.#read.has(key)) {
      const document = await super.readJson(key, schema);
      if (document === undefined) return undefined;
      this.#read.set(key, document);
    }
    return this.#read.get(key) as T;
  }

  /** The place of the first key that is not before this one. */
  #from(key: string): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Which of the jobs go wrong: their task fails for good, or at its first try. */
export interface FleetTroubles {
  readonly fails: (id: string) => boolean;
  readonly failsOnce: (id: string) => boolean;
}

export interface FleetParts extends FleetTroubles {
  readonly vault: FleetVault;
  readonly now: () => Date;
  /** The step that an ARN is of: `Plan`. */
  readonly stepOf: (arn: string) => string;
}

/**
 * Runs the steps' own code in this process. Two things are stand-ins: the task puts down an object with its receipt, or the findings
 * of a group, where it would dump and look; and `pg_restore --list` always reads the one table that the receipts speak of.
 */
export function fleetPorts({ vault, now, stepOf, ...troubles }: FleetParts): Ports {
  const steps = stepsOver(vault, now);
  return {
    waitScale: 0,
    invokeFunction: async (arn, payload) => {
      const step = steps[stepOf(arn)];
      if (!step) throw new StatesError('Lambda.ResourceNotFoundException', arn);
      return copyOf(await step(copyOf(payload)).catch(asFunctionError));
    },
    runTask: (parameters) => task(parameters, { vault, now, ...troubles }),
    readObject: async (_, key) => JSON.stringify(vault.json(key)),
  };
}

function stepsOver(vault: FleetVault, now: () => Date): Record<string, (payload: unknown) => Promise<unknown>> {
  const parts = { vault, now };
  const uploads = { async *list() {}, abort: async () => undefined };
  const lister = () => ({
    feed: async () => true,
    finish: async () => ({ entries: 12, tableData: ['public orders postgres'], largeObjects: false }),
    stop: async () => undefined,
  });
  return {
    Plan: plan({ ...parts, config: readConfig(FLEET_CONFIG, 'fleet.yaml') }),
    Expand: expand(parts),
    Verify: verify({ ...parts, lister, readBackLimitBytes: Number.POSITIVE_INFINITY }),
    Manifest: manifest(parts),
    Promote: promote(parts),
    Outcome: outcome(parts),
    Retain: retain(parts),
    Sweep: sweep({ ...parts, uploads }),
    Report: report({
      ...parts,
      offsiteStatus: async () => ({ objects: 0, copied: 0, warnings: [] }),
      notifier: { send: async () => undefined },
      metrics: { publish: async () => undefined },
    }),
  };
}

const copyOf = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null)) as Json;

function asFunctionError(error: unknown): never {
  const { name, message, stack = '' } = error as Error;
  throw new StatesError(name, JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') }));
}

/** As much as ECS says of a task, whether it did well or not. */
const DESCRIPTION = { Attachments: [{ Details: 'x'.repeat(8000) }] };

type TaskParts = FleetTroubles & Pick<FleetParts, 'vault' | 'now'>;

async function task(parameters: JsonObject, parts: TaskParts): Promise<Json> {
  const [override] = objectIn(parameters.Overrides).ContainerOverrides as JsonObject[];
  const { Environment = [], Command = [] } = objectIn(override);
  const variables = (Environment as JsonObject[]).map(({ Name, Value }) => [textOf(Name), textOf(Value)]);
  const { PLAN_KEY: planKey = '', SOURCE_ID: id = '' } = Object.fromEntries(variables) as Record<string, string>;
  const work = (Command as string[]).includes('discover.mjs') ? discoverTask : dumpTask;
  const exitCode = await work(planKey, id, parts);
  const description = { ...DESCRIPTION, Containers: [{ Name: 'backup', ExitCode: exitCode }] };
  if (exitCode === 0) return description;
  throw new StatesError('States.TaskFailed', JSON.stringify(description));
}

async function discoverTask(planKey: string, id: string, { vault, now }: TaskParts): Promise<number> {
  const plan = await readPlan(vault, planKey);
  const group = plan.sources.find((source) => source.id === id);
  if (group?.kind !== 'server') throw new Failure('internal', `${id} is no server`);
  vault.put(foundKey(plan, id), findingsOf(group, now()));
  return 0;
}

async function dumpTask(planKey: string, id: string, { vault, now, fails, failsOnce }: TaskParts): Promise<number> {
  const { plan } = await readJob(vault, { planKey, id });
  const n = vault.keys(tryKey(plan.slot, id, 1)).length + 1;
  if (fails(id) || (failsOnce(id) && n === 1)) {
    failedTry(vault, id, plan.slot, n, fails(id) ? 'auth' : 'unreachable', now());
    return fails(id) ? 1 : 75;
  }
  const body = Buffer.from(`dump of ${id}`);
  const receipt = receiptOf(id, plan.slot, body);
  vault.put(tryKey(plan.slot, id, n), { result: 'receipt', receipt });
  vault.put(receipt.key, body);
  return 0;
}
