import { cpus, loadavg, totalmem } from 'node:os';
import { showBytes } from '../../lib/domain/bytes.ts';

/** What figures of a machine depend on. */
export function machineFacts(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${showBytes(totalmem())} of memory, Node ${process.versions.node}`;
}

/** How busy others keep the machine: with none of ours at work yet, more than a fraction of a core distorts what follows. */
export const loadNow = (): number => loadavg()[0] ?? 0;

/** Seconds for which the cores have worked since the machine was started, whoever they worked for. */
export const busySeconds = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1000;
