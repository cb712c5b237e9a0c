import { parseSlot, type Slot } from '../time/slot.ts';

export const RESTORES_PREFIX = 'restores/';
export const DRILLS_PREFIX = 'drills/';
export const PATROLS_PREFIX = 'patrols/';

const PLANS_PREFIX = `${DRILLS_PREFIX}plans/`;

/** Restores, drills and patrols are called as their executions are: unique for 90 days, and nothing that a key cannot hold. */
const EXECUTION_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/;

export const isExecutionName = (text: string): boolean => EXECUTION_NAME.test(text);

/** What a restore was asked for, with every name resolved: its claim. */
export const restorePlanKey = (name: string): string => `${RESTORES_PREFIX}${name}/plan.json`;

/** The items of its Map: a JSON array, the only shape that an ItemReader takes. */
export const restoreItemsKey = (name: string): string => `${RESTORES_PREFIX}${name}/items.json`;

/** What became of one item. */
export const restoreItemKey = (name: string, item: number): string => `${RESTORES_PREFIX}${name}/${numbered(item)}.json`;

/** How far an item is, a new object for each look, since nothing is overwritten. */
export const restoreProgressPrefix = (name: string, item: number): string =>
  `${RESTORES_PREFIX}${name}/${numbered(item)}.progress-`;
export const restoreProgressKey = (name: string, item: number, look: number): string =>
  `${restoreProgressPrefix(name, item)}${numbered(look)}.json`;

/** How many tasks each service ran before it was stopped. */
export const restoreServicesKey = (name: string): string => `${RESTORES_PREFIX}${name}/services.json`;

/** Written when all of them were told to stop: until then, something may still be telling them. */
export const restoreServicesStoppedKey = (name: string): string => `${RESTORES_PREFIX}${name}/services.stopped.json`;

/** What a restore did, written last. */
export const restoreRecordKey = (name: string): string => `${RESTORES_PREFIX}${name}.json`;

/** What a drill run was asked for. No stem of a backup is called `plans`: each ends in a slot or a date. */
export const drillPlanKey = (name: string): string => `${PLANS_PREFIX}${name}.json`;

/** What a drill run found, all its backups together; written last. */
export const drillRecordKey = (name: string): string => `${PLANS_PREFIX}${name}.record.json`;

/** Evidence of the drills of a backup (see `stemOf`). */
export const evidencePrefix = (stem: string): string => `${DRILLS_PREFIX}${stem}/`;
export const evidenceKey = (stem: string, at: Slot): string => `${evidencePrefix(stem)}${at}.json`;

/** Reads a key of evidence back; undefined for anything else that lies there. */
export function parseEvidenceKey(key: string): { readonly stem: string; readonly at: Slot } | undefined {
  const [, stem = '', stamp = ''] = /^drills\/([^/]+)\/(\d{8}_\d{6})\.json$/.exec(key) ?? [];
  const at = parseSlot(stamp);
  return at && stem !== 'plans' ? { stem, at } : undefined;
}

/** What a patrol is to read, and what it found. */
export const patrolPlanKey = (name: string): string => `${PATROLS_PREFIX}${name}/plan.json`;
export const patrolFindingsKey = (name: string): string => `${PATROLS_PREFIX}${name}/findings.json`;
export const patrolRecordKey = (name: string): string => `${PATROLS_PREFIX}${name}.json`;

const numbered = (n: number): string => String(n).padStart(4, '0');
