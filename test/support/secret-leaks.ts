import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Execution } from '../../lib/local/cloud/execution.ts';
import type { NightRig } from './night-rig.ts';

/**
 * Where one of the secrets stands, in the spellings that JSON, URLs and base64 give it: in any file that the cloud wrote (logs,
 * assembly, vault and its old versions), in a published message, or in what went through an execution.
 */
export async function leaksOf(rig: NightRig, secrets: readonly string[], executions: readonly Execution[]): Promise<string[]> {
  const spellings = secrets.flatMap(spellingsOf);
  const found: string[] = [];
  const look = (place: string, content: Buffer): void => {
    if (spellings.some((secret) => content.includes(secret))) found.push(place);
  };
  for (const file of filesIn(rig.folder)) look(relative(rig.folder, file), readFileSync(file));
  for (const { subject, message } of await rig.cloud.messages()) look(`message ${subject}`, Buffer.from(`${subject}${message}`));
  for (const execution of executions) look(`execution ${execution.name}`, Buffer.from(JSON.stringify(wordsOf(execution))));
  return found;
}

const spellingsOf = (secret: string): string[] => [
  ...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), Buffer.from(secret).toString('base64')]),
];

/** Input and output of every state, and what became of it. */
const wordsOf = ({ input, output, error, cause, events }: Execution): object => ({ input, output, error, cause, events });

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
