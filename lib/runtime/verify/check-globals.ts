import type { GlobalsReceipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { GlobalsScanner } from '../postgres/globals-scanner.ts';
import type { ContentCheck } from './content-check.ts';

/** The script of roles read again, to its end mark. */
export function checkGlobals({ key, contents }: GlobalsReceipt): ContentCheck {
  const scanner = new GlobalsScanner();
  const damaged = (what: string, cause?: unknown) => new Failure('damaged', `${key}: ${what}`, { cause });
  return {
    looksAtFront: false,
    async feed(chunk) {
      scanner.push(chunk);
      return true;
    },
    async finish() {
      const { passwords: _, ...sent } = contents;
      const stored = finished(scanner, damaged);
      for (const [what, count] of Object.entries(sent)) {
        const found = stored[what as keyof typeof stored];
        if (found !== count) throw damaged(`${found} ${what} stored, ${count} sent`);
      }
      return {};
    },
    stop: async () => undefined,
  };
}

function finished(scanner: GlobalsScanner, damaged: (what: string, cause: unknown) => Failure) {
  try {
    return scanner.finish();
  } catch (error) {
    throw error instanceof Failure ? damaged(error.message, error) : error;
  }
}
