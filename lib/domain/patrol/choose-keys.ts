import { parseArtifactKey } from '../backup/keys.ts';
import { InputRefused } from '../run/refused-input.ts';
import { parseShare } from './parse-share.ts';
import { PatrolRequest } from './patrol-plan.ts';
import { patrolShare } from './share.ts';

/** What a patrol reads, and of how many. */
export interface Choice {
  readonly share?: string;
  readonly of: number;
  readonly keys: readonly string[];
}

/** Reads the input of an execution: from the schedule, or by hand. Throws `InputRefused` with what is wrong. */
export function readPatrolRequest(input: unknown): PatrolRequest {
  const parsed = PatrolRequest.safeParse(input);
  if (!parsed.success)
    throw new InputRefused([
      'it must be {"keys": ["..."]}, {"share": "5%"}, or what the schedule sends ({"scheduledTime": "..."})',
    ]);
  const strange = 'keys' in parsed.data ? parsed.data.keys.filter((key) => parseArtifactKey(key)?.part !== 'artifact') : [];
  if (strange.length > 0)
    throw new InputRefused(strange.slice(0, 3).map((key) => `${JSON.stringify(key)} is not the key of a backup`));
  return parsed.data;
}

/** Chooses by the request: the keys that it names, or those of the share whose turn it is in this month. */
export function chooseKeys(
  request: PatrolRequest,
  good: readonly string[],
  { share, at }: { readonly share: string; readonly at: Date },
): Choice {
  if ('keys' in request) return { of: good.length, keys: [...new Set(request.keys)] };
  const asked = 'share' in request ? request.share : share;
  const when = 'scheduledTime' in request ? new Date(request.scheduledTime) : at;
  return { share: asked, of: good.length, keys: patrolShare(good, parseShare(asked) ?? 100, turnAt(when)) };
}

/** Months since the year 0, in UTC. */
export const turnAt = (instant: Date): number => instant.getUTCFullYear() * 12 + instant.getUTCMonth();
