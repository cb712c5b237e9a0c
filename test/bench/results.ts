import { cpus } from 'node:os';
import type { DatabaseReceipt } from '../../lib/domain/backup/receipt.ts';
import { showBytes } from '../../lib/domain/bytes.ts';
import { machineFacts } from './machine-facts.ts';
import type { PeakMemory } from './memory.ts';
import type { Compared, Effort } from './pairs.ts';
import type { Spread } from './spread.ts';

export interface Results {
  readonly size: number;
  /** How busy the machine was before. */
  readonly load: number;
  readonly databaseBytes: number;
  readonly receipt: DatabaseReceipt;
  /** The task over pg_dump alone. */
  readonly overPgDump: Compared;
  /** pg_dump -Z9 and `aws s3 cp` over the task; undefined where there is no AWS CLI. */
  readonly overTask?: Spread;
  readonly memory: readonly PeakMemory[];
}

/** What the figures are held against. */
const REACH = { overPgDump: 1.25, overTask: { zstd: 4, gzip: 2 }, peakMegabytes: 300 } as const;

/** A load above this is somebody else's work, and distorts the ratios. */
const QUIET_LOAD = 0.5;

export function resultLines(results: Results): readonly string[] {
  return [...circumstances(results), '', ...againstPgDump(results), ...againstByHand(results), ...memoryLines(results)];
}

function circumstances({ load, databaseBytes, receipt }: Results): string[] {
  const { server, client, bytes } = receipt;
  return [
    `machine      ${machineFacts()}`,
    `PostgreSQL   ${server.version}, client ${client.version} with ${client.compression}; server, task and S3 on this machine`,
    `database     ${showBytes(databaseBytes)}; its dump has ${showBytes(bytes)}`,
    ...(load > QUIET_LOAD
      ? [`not quiet    the machine had a load of ${load.toFixed(1)} before: repeat this when it is idle`]
      : []),
  ];
}

function againstPgDump({ size, overPgDump, receipt }: Results): string[] {
  return [
    'a. The whole task (preflight, pg_dump, decoding, checksums, upload, receipt) takes',
    `   ${spread(overPgDump)} times as long as pg_dump -Fc with ${receipt.client.compression} to /dev/null`,
    `   reach: at most ${REACH.overPgDump}, by the median: ${verdict(size, overPgDump.median <= REACH.overPgDump)}`,
    ...effortLines(overPgDump),
  ];
}

/** On cores that are never idle, nothing is faster than the work divided by their number. */
function effortLines({ over, under }: Compared): string[] {
  const cores = cpus().length;
  const share = ({ busy, seconds }: Effort): string => `${busy.toFixed(1)} s of ${(seconds * cores).toFixed(1)} s`;
  return [
    `   work of all programs, server and S3 included: ${share(over)} with the task, ${share(under)} with pg_dump alone;`,
    `   with no core idle for a moment the ratio would be ${(over.busy / cores / under.seconds).toFixed(2)}`,
  ];
}

function againstByHand({ size, overTask, receipt }: Results): string[] {
  if (!overTask) return ['b. Not measured: there is no AWS CLI here (aws) to compare with pg_dump -Z9 and aws s3 cp'];
  const reach = receipt.client.compression.startsWith('zstd') ? REACH.overTask.zstd : REACH.overTask.gzip;
  return [
    'b. pg_dump -Fc -Z9 to a file, then aws s3 cp into the same S3, takes',
    `   ${spread(overTask)} times as long as the whole task`,
    `   reach: at least ${reach} with ${receipt.client.compression}, by the median: ${verdict(size, overTask.median >= reach)}`,
  ];
}

function memoryLines({ size, memory }: Results): string[] {
  const peak = Math.max(...memory.map(({ peakBytes }) => peakBytes));
  return [
    "c. Peak memory of the task's Node process (VmHWM), real dumps without compression into an S3 that discards the parts",
    ...memory.map(memoryLine),
    `   reach: at most ${REACH.peakMegabytes} MB: ${verdict(size, peak <= REACH.peakMegabytes * 1e6)}`,
  ];
}

function memoryLine({ streamBytes, expected, peakBytes }: PeakMemory): string {
  const parts = expected ? 'length foreseen: small parts, in memory' : 'length not foreseen: parts grow, and wait on disk';
  return `   ${megabytes(peakBytes)} for ${megabytes(streamBytes)} of stream (${parts})`;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 0 })} MB`;

const spread = ({ min, median, max }: Spread): string =>
  `${[min, median, max].map((ratio) => ratio.toFixed(2)).join(' / ')} (min / median / max)`;

/** A database that is dumped within a second measures how programs start. */
function verdict(size: number, reached: boolean): string {
  if (size < 1) return `a size of ${size} does not tell`;
  return reached ? 'reached' : 'MISSED';
}
