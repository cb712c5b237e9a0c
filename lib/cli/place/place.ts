import { randomBytes } from 'node:crypto';
import { quoted } from '../run/run-input.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { awsClients, openAws } from './aws-backend.ts';
import type { Backend, Place, Purpose } from './backend.ts';
import { isStackName } from './stack-outputs.ts';

const REGION = /^[a-z]{2,}(-[a-z0-9]+)+$/;

export interface PlaceOptions {
  readonly now: () => Date;
  /** Hears what takes time before a run starts. */
  readonly report: (line: string) => void;
}

/** Opens what the options point to. What the local cloud needs is loaded only where it is asked for. */
export async function openPlace(place: Place, purpose: Purpose, { now, report }: PlaceOptions): Promise<Backend> {
  if (place.local !== undefined) {
    const { openLocal } = await import('./local-backend.ts');
    return openLocal(place.local, purpose, { now, report });
  }
  if (!isStackName(place.stack))
    throw new CliError(
      EXIT.usage,
      `${quoted(place.stack)} is no name of a stack`,
      'CloudFormation allows letters, digits and "-", starting with a letter.',
    );
  if (place.region !== undefined && !REGION.test(place.region))
    throw new CliError(EXIT.usage, `${quoted(place.region)} is no AWS region`, 'Write it as in eu-central-1.');
  return openAws({ place, clients: awsClients(place.region), newId: () => randomBytes(4).toString('hex'), now });
}
