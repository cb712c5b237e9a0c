/** Loaded before a program: keeps what the process has taken so far in the file that GAUGE_FILE names. It may be killed at any time. */
import { renameSync, writeFileSync } from 'node:fs';

const { GAUGE_FILE = '' } = process.env;
const EVERY_MS = 20;

function note(): void {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  // whole or not at all
  writeFileSync(`${GAUGE_FILE}.new`, JSON.stringify({ peakMiB: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }));
  renameSync(`${GAUGE_FILE}.new`, GAUGE_FILE);
}

note();
setInterval(note, EVERY_MS).unref();
