import { type Child, type ChildCommand, startChildInto } from './child.ts';
import { type ChildOutput, openChildOutput } from './child-output.ts';

/** A child that writes much, and what becomes of it. */
export interface Writer {
  readonly child: Child;
  readonly output: ChildOutput;
}

/** Starts a child whose output `take` is given; see `openChildOutput` for how long a piece is valid. */
export async function startWriter(
  command: ChildCommand,
  stdin: 'pipe' | 'ignore',
  take: (piece: Buffer) => void | Promise<void>,
): Promise<Writer> {
  const output = await openChildOutput(take);
  try {
    return { child: startChildInto(output.writeEnd, command, stdin), output };
  } finally {
    // only the child holds it now, so that the output ends when the child does
    output.writeEnd.destroy();
  }
}
