import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../../lib/local/cloud/json.ts';
import { invokeInProcess, type RunnableFunction } from '../../lib/local/cloud/lambda-process.ts';

/** Lambda gives a whole vCPU with so much memory, and a share of one with less. */
const MIB_OF_A_VCPU = 1769;

const GAUGE = new URL('./process-gauge.ts', import.meta.url).href;

/** What one invocation of a function took, and what it is allowed. */
export interface Invocation {
  readonly answer: Json;
  readonly seconds: number;
  readonly timeoutSeconds: number;
  /** What its CPU time would be with the share of a vCPU that its memory buys. */
  readonly lambdaCpuSeconds: number;
  /** The most memory that the whole process had, its runtime included. */
  readonly peakMiB: number;
  readonly memoryMiB: number;
}

/** Invokes a function as the local cloud does, in a process of its own, and takes its measure. Throws where it fails or is too late. */
export async function measured(fn: RunnableFunction, payload: object): Promise<Invocation> {
  const folder = mkdtempSync(join(tmpdir(), 'nightproof-gauge-'));
  const GAUGE_FILE = join(folder, 'gauge.json');
  const environment = { ...fn.environment, NODE_OPTIONS: `--import=${GAUGE}`, GAUGE_FILE };
  try {
    const start = performance.now();
    const answer = await invokeInProcess({ ...fn, environment }, JSON.stringify(payload), new AbortController().signal);
    const seconds = (performance.now() - start) / 1000;
    const { cpuSeconds, peakMiB } = JSON.parse(readFileSync(GAUGE_FILE, 'utf8')) as { cpuSeconds: number; peakMiB: number };
    const { timeoutSeconds, memoryMiB } = fn;
    const lambdaCpuSeconds = cpuSeconds / Math.min(1, memoryMiB / MIB_OF_A_VCPU);
    return { answer: JSON.parse(answer) as Json, seconds, timeoutSeconds, lambdaCpuSeconds, peakMiB, memoryMiB };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const showInvocation = (name: string, facts: Invocation): string =>
  `${name}: ${facts.seconds.toFixed(1)} s, CPU ${facts.lambdaCpuSeconds.toFixed(1)} s on Lambda, of ${facts.timeoutSeconds} s; ` +
  `${Math.round(facts.peakMiB)} of ${facts.memoryMiB} MiB`;
