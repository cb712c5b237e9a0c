import { z } from 'zod';
import { SourceId } from '../../domain/source/source-id.ts';

const words = z.array(z.string());

/** What `command --json` prints. */
export const CommandOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('command'),
  sourceId: SourceId,
  program: z.string(),
  args: words.describe('As the task starts it; HOST and USER stand for what only the secret says'),
  env: z.record(z.string(), z.string()).describe('All the environment that the task gives it'),
  inputFolder: z.string().nullable().describe('Where what writes its input is run; null where it reads nothing'),
  input: z.array(words).nullable().describe('What writes the names that it reads, each of them into the next'),
  through: z.array(words).describe('What its output goes through: compression of a tree, encryption'),
  file: z.string().describe('Where it ends, under the name that a run would give it'),
  notes: words.describe('What has to be known, or put in place, first'),
});
export type CommandOutput = z.infer<typeof CommandOutput>;
