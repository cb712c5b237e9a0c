import type { DatabaseReceipt, Receipt } from '../../lib/domain/backup/receipt.ts';

/** What a drill may use up. An archive can ask for more than any disk or night has, by a bomb or by a loop in one of its functions. */
export interface DrillLimits {
  /** What a database may grow to beyond what it had. */
  readonly spareDiskBytes: number;
  /** How long it may take beyond what the dump took. */
  readonly spareSeconds: number;
  readonly probeSeconds: number;
}

export const DRILL_LIMITS: DrillLimits = { spareDiskBytes: 1024 ** 3, spareSeconds: 1800, probeSeconds: 60 };

/** Indexes are built in files of their own before they take their place. */
const GROWTH = 1.2;

/** Loading takes a few times as long as dumping, since it sorts for the indexes. */
const SLOWER = 20;

/** What the scratch server's folder may hold. */
export const diskBudget = ({ server }: DatabaseReceipt, { spareDiskBytes }: DrillLimits): number =>
  Math.ceil(server.databaseBytes * GROWTH) + spareDiskBytes;

/** What must be free before anything is fetched: the archive and what comes of it. */
export function neededBytes(receipt: Receipt): number {
  if (receipt.kind === 'globals') return receipt.bytes;
  return receipt.bytes + (receipt.kind === 'database' ? receipt.server.databaseBytes : receipt.contents.bytes);
}

export const deadlineMs = ({ startedAt, finishedAt }: Receipt, { spareSeconds }: DrillLimits): number =>
  SLOWER * Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) + spareSeconds * 1000;
