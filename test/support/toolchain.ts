import { thisMachine } from '../../lib/local/setup/machine.ts';
import { reportLine } from '../../lib/local/setup/report-line.ts';
import { ensureToolchain, type Toolchain } from '../../lib/local/setup/toolchain.ts';

let asked: Promise<Toolchain> | undefined;

/** The real parts for tests, with every PostgreSQL major that can be had: as `npm test` found them, or brought now where vitest is run directly. */
export function toolchain(): Promise<Toolchain> {
  const handed = process.env.NIGHTPROOF_TOOLCHAIN;
  asked ??= handed
    ? Promise.resolve(JSON.parse(handed) as Toolchain)
    : ensureToolchain(thisMachine(reportLine), { everyPostgresMajor: true });
  return asked;
}
