import { z } from 'zod';
import { manifestKey } from '../backup/keys.ts';
import { plural } from '../plain-text.ts';
import type { SourceOutcome } from '../run/source-outcome.ts';

/**
 * What the vault knows of the off-site copy of one of its objects. `waiting`: S3 has not made it yet. `failed`: S3 gave up.
 * `never`: S3 was not told to, since the object is older than the off-site bucket. `gone`: the object is no longer here.
 * `unknown`: the vault did not answer.
 */
export type OffsiteState = 'copied' | 'waiting' | 'failed' | 'never' | 'gone' | 'unknown';

export interface OffsiteCopy {
  readonly key: string;
  readonly state: OffsiteState;
}

const count = z.number().int().nonnegative();

/** Whether what an earlier run made has arrived off-site; part of the record of the run that looked. */
export const OffsiteSummary = z.strictObject({
  /** How many objects were looked for, and of how many S3 says that their copy is there. */
  objects: count,
  copied: count,
  warnings: z.array(z.string()),
});
export type OffsiteSummary = z.infer<typeof OffsiteSummary>;

/** A warning names the first few keys; the next step is the same for all. */
const NAMED_KEYS = 3;

/** In the order in which they are told. */
const TROUBLE = {
  failed: 'S3 could not copy',
  waiting: 'S3 has not yet copied',
  never: 'S3 was never told to copy',
  unknown: 'nothing is known of the off-site copy of',
} as const satisfies Partial<Record<OffsiteState, string>>;

/** A copy that is not there is a warning, never a failure: the backup itself is good. What retention has removed meanwhile is not missed. */
export function judgeOffsite(copies: readonly OffsiteCopy[]): OffsiteSummary {
  const looked = copies.filter(({ state }) => state !== 'gone');
  const warnings = Object.entries(TROUBLE).flatMap(([state, says]) => {
    const keys = looked.filter((copy) => copy.state === state).map(({ key }) => key);
    return keys.length === 0 ? [] : [`off-site: ${says} ${plural(keys.length, 'object')}: ${named(keys)}`];
  });
  return { objects: looked.length, copied: looked.filter(({ state }) => state === 'copied').length, warnings };
}

function named(keys: readonly string[]): string {
  const first = keys.slice(0, NAMED_KEYS).join(', ');
  return keys.length > NAMED_KEYS ? `${first} and ${keys.length - NAMED_KEYS} more` : first;
}

/** All that the verified backups of a run are made of, copies in other tiers among it: artifacts and manifests. */
export function offsiteKeysOf({ sources }: { readonly sources: readonly SourceOutcome[] }): readonly string[] {
  const artifacts = sources.flatMap((outcome) =>
    outcome.status === 'verified' ? [artifactOfManifest(outcome.manifestKey), ...outcome.promoted] : [],
  );
  return artifacts.flatMap((key) => [key, manifestKey(key)]);
}

const artifactOfManifest = (key: string): string => key.slice(0, key.length - manifestKey('').length);
