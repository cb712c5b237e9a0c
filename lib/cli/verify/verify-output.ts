import { z } from 'zod';
import { FailureFacts } from '../../domain/outcomes.ts';

const count = z.number().int().nonnegative();

/** Of one backup. */
const VerifiedAgain = z.strictObject({
  key: z.string(),
  result: z
    .enum(['intact', 'damaged', 'unread'])
    .describe('unread: nothing can be said of it, and not because of the backup itself'),
  bytes: count.nullable().describe('Of an intact one; else null'),
  decoded: z
    .boolean()
    .nullable()
    .describe(
      'Of an intact one: whether its contents were read too. false: only hashes were compared (encrypted, or no pg_restore)',
    ),
  problem: z.string().nullable().describe('Of a damaged one: what is wrong'),
  recorded: z
    .enum(['written', 'exists', 'refused'])
    .nullable()
    .describe('Of a damaged one: whether it is on record now that it is'),
  failure: FailureFacts.nullable().describe('Of an unread one: why'),
});
export type VerifiedAgain = z.infer<typeof VerifiedAgain>;

/** What `verify --json` prints. */
export const VerifyOutput = z.strictObject({
  version: z.literal(1),
  kind: z.literal('verify'),
  vault: z.string().describe('Name of the bucket'),
  at: z.iso.datetime().describe('When it began'),
  intact: count,
  damaged: count,
  unread: count,
  backups: z.array(VerifiedAgain),
});
export type VerifyOutput = z.infer<typeof VerifyOutput>;
