import { ShareText } from './patrol-plan.ts';

/** The percentage that a share is written as: 5 of `5%`. Undefined where it is no share. */
export function parseShare(text: string): number | undefined {
  const parsed = ShareText.safeParse(text);
  return parsed.success ? Number.parseInt(parsed.data, 10) : undefined;
}
