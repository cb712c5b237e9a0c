import { type ChildExit, showExit } from '../child.ts';

/** A program of PostgreSQL's ended otherwise than by exit code 0. Only the server can say why. */
export class ProgramEnded extends Error {
  readonly exit: ChildExit;
  readonly bytes: number;

  constructor(program: 'pg_dump' | 'pg_dumpall', exit: ChildExit, bytes: number) {
    super(`${program}: ${showExit(exit)} after ${bytes} bytes`);
    this.exit = exit;
    this.bytes = bytes;
  }
}
