import { z } from 'zod';
import { oneLine } from '../../domain/plain-text.ts';

/** What a Lambda's error looks like as the cause of an execution. */
const LambdaCause = z.looseObject({ errorMessage: z.string() });

/** What the cause of a failed execution says, on one line. */
export function messageIn(cause: string): string {
  try {
    const parsed = LambdaCause.safeParse(JSON.parse(cause));
    return oneLine(parsed.success ? parsed.data.errorMessage : cause);
  } catch {
    return oneLine(cause);
  }
}
