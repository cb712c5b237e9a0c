import type { Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { statusOutput } from './status-json.ts';
import { statusLines } from './status-lines.ts';
import { isOverdue, lookAtStatus } from './status-look.ts';
import { StatusOutput } from './status-output.ts';

/** Shows how the last runs went, how old everything is, and what comes next. Ends with 1 where something is overdue. */
export async function status(context: CliContext, place: Place, { json }: { readonly json?: boolean }): Promise<ExitCode> {
  return withBackend(context, place, { does: 'read' }, async (backend) => {
    const operations = await backend.operations();
    try {
      const seen = await lookAtStatus(backend.vault, operations, context.now());
      if (json) context.terminal.json(StatusOutput.parse(statusOutput(seen, backend.vault.bucket)));
      else context.terminal.result(statusLines(seen, backend, context.terminal));
      return isOverdue(seen) ? EXIT.unverified : EXIT.done;
    } finally {
      operations.close();
    }
  });
}
