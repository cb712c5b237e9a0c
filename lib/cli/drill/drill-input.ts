import { DrillRequest } from '../../domain/drill/drill-plan.ts';
import type { DrillPick } from '../../domain/drill/drill-settings.ts';
import { keyIn } from '../download/vault-key.ts';
import { quoted, requireSourceId } from '../run/run-input.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

export interface DrillArguments {
  readonly key?: string | undefined;
  readonly source?: readonly string[] | undefined;
  /** `latest`, `random`, or an age as `7d`. */
  readonly pick?: string | undefined;
  readonly reason?: string | undefined;
}

/** The execution input that the arguments spell. Refused here is what the plan step would refuse. */
export function readDrillInput({ key: what, source, pick, reason }: DrillArguments): DrillRequest {
  const key = what === undefined ? undefined : keyIn(what);
  if (what !== undefined && !key)
    throw new CliError(EXIT.usage, `${quoted(what)} is not the key of a backup`, 'See them with: nightproof list --json');
  if (key && (source || pick !== undefined))
    throw new CliError(
      EXIT.usage,
      `${source ? '--source' : '--pick'} cannot be used with the key of a backup`,
      'The key says it already: leave the option out.',
    );
  for (const id of source ?? []) requireSourceId(id);
  const parsed = DrillRequest.safeParse({
    ...(key && { key }),
    ...(source && { sources: [...new Set(source)] }),
    ...(pick !== undefined && { pick: pickOf(pick) }),
    ...(reason !== undefined && { reason }),
  });
  if (parsed.success) return parsed.data;
  if (reason !== undefined && reason.length > 500)
    throw new CliError(EXIT.usage, 'reason: at most 500 characters', 'See nightproof drill --help.');
  throw new CliError(EXIT.usage, `${quoted(pick ?? '')} picks nothing`, 'Write latest, random, or an age as 7d.');
}

const pickOf = (pick: string): DrillPick => (pick === 'latest' || pick === 'random' ? pick : { age: pick });
