import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type ArchiveList, parseArchiveList } from '../domain/backup/archive-list.ts';
import { Failure } from '../domain/outcomes.ts';
import { PLAIN_LOCALE, showExit, startChild, succeeded } from './child.ts';

/** A `pg_restore --list` that is fed the beginning of an archive and stops reading when it knows the table of contents. */
export interface ArchiveLister {
  /** Hands over the next bytes. False: it has read enough. */
  feed(chunk: Buffer): Promise<boolean>;
  /** Ends the input and returns the list. A `damaged` failure where it could not read what it was fed. */
  finish(): Promise<ArchiveList>;
  /** Ends the process where the list is no longer wanted. */
  stop(): Promise<void>;
}

/** Starts this `pg_restore`, given by its absolute path. */
export function listArchive(pgRestore: string): ArchiveLister {
  const child = startChild({ program: pgRestore, args: ['--list'], env: PLAIN_LOCALE }, 'pipe');
  const output = text(child.stdout).catch(() => '');
  let open = true;
  const close = (): void => {
    open = false;
  };
  // EPIPE: it has seen the table of contents and closed its end, or never started; its exit tells which
  child.stdin?.on('error', close);
  const over = child.exited.then(close);

  return {
    async feed(chunk) {
      if (open && child.stdin?.write(chunk) === false)
        await Promise.race([once(child.stdin, 'drain').catch(() => undefined), over]);
      return open;
    },
    async finish() {
      child.stdin?.end();
      const exit = await child.exited;
      if (exit.error) throw new Failure('internal', `pg_restore ${showExit(exit)}`);
      const list = succeeded(exit) ? parseArchiveList(await output) : undefined;
      if (!list) throw new Failure('damaged', `pg_restore --list cannot read the stored archive (${showExit(exit)})`);
      return list;
    },
    stop: () => child.stop(),
  };
}
