import { z } from 'zod';

/** So many backups may be missing of those that the last record kept: people delete backups by hand, and may. */
const TOLERATED = 2;
const TOLERATED_SHARE = 0.1;

const MAX_NAMED = 20;

export interface ListingCheck {
  /** Keys of artifacts that this run has seen verified: whatever else is true, they are there. */
  readonly fresh: readonly string[];
  /** Keys that the last record of this source decided to keep. */
  readonly known: readonly string[];
  /** Keys of all backups that today's listing shows. */
  readonly listed: readonly string[];
}

/** Backups that the last record kept and that are gone; some are named. */
export const Missing = z.strictObject({ count: z.number().int().positive(), keys: z.array(z.string()) });
export type Missing = z.infer<typeof Missing>;

export interface ListingVerdict {
  /** Why the listing may not be whole; absent where it is to be believed. */
  readonly doubt?: string;
  readonly missing?: Missing;
}

/**
 * Compares a listing with what is known to be in the vault.
 *
 * A few backups that vanished were deleted by hand: reported, no more. If many vanished, the listing is the likelier culprit, and
 * the record of this run says why nothing was removed. That record keeps what is still there, so the next run takes it for the
 * truth: somebody who did delete half a vault waits one night, not for ever. A listing that shows too little is no danger in
 * itself, since floors and counts then keep more, not less.
 */
export function doubtOfListing({ fresh, known, listed }: ListingCheck): ListingVerdict {
  const there = new Set(listed);
  const unseen = fresh.find((key) => !there.has(key));
  if (unseen !== undefined) return { doubt: `the listing does not show ${unseen}, which this run has verified` };

  const keys = [...new Set(known)].filter((key) => !there.has(key));
  if (keys.length === 0) return {};
  const missing = { count: keys.length, keys: keys.slice(0, MAX_NAMED) };
  const tolerated = Math.max(TOLERATED, Math.floor(known.length * TOLERATED_SHARE));
  if (keys.length <= tolerated) return { missing };
  const doubt = `${keys.length} of ${known.length} backups that the last run kept are not listed, as ${keys[0]}; if they were deleted on purpose, the next run goes on without them`;
  return { doubt, missing };
}
