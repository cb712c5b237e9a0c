import { lstat, mkdir, opendir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../../domain/outcomes.ts';
import { targetFailure } from './writing-failure.ts';

/** Only whoever restores looks into it before it is complete. */
const OWN_ONLY = 0o700;

export interface StagingOptions {
  readonly destination: string;
  /** Names this restore, and no other one into the same place: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Whether a destination that holds something is replaced; what it held is kept beside it. */
  readonly replace: boolean;
}

/**
 * A new, empty folder beside a destination, which takes its place by being renamed when all in it is there. Whatever happens before,
 * the destination is as it was.
 */
export class StagedFolder {
  /** Absolute. */
  readonly path: string;
  readonly #destination: string;
  readonly #old: string;
  readonly #replace: boolean;

  private constructor(destination: string, { name, replace }: StagingOptions) {
    const base = basename(destination);
    this.path = join(dirname(destination), `.${base}.restoring-${name}`);
    this.#destination = destination;
    this.#old = join(dirname(destination), `${base}.before-${name}`);
    this.#replace = replace;
  }

  /** Throws `target` where the destination is none that a restore may take. What an earlier try of the same name left is removed. */
  static async open(options: StagingOptions): Promise<StagedFolder> {
    if (!/^[\w-]{1,100}$/.test(options.name)) throw new Failure('target', 'a restore is named by letters, digits, "_" and "-"');
    const given = resolve(options.destination);
    try {
      await mkdir(dirname(given), { recursive: true });
      const destination = join(await realpath(dirname(given)), basename(given));
      await checkDestination(destination, options.replace);
      const staged = new StagedFolder(destination, options);
      await staged.discard();
      await mkdir(staged.path, OWN_ONLY);
      return staged;
    } catch (error) {
      throw targetFailure(error, `${given} cannot be restored to`);
    }
  }

  /** Puts it in place; returns where what was there before lies now, if there was something. */
  async keep(): Promise<string | undefined> {
    try {
      if (!this.#replace || !(await holdsSomething(this.#destination))) {
        // takes the place of an empty folder as well; one that has been filled since is left as it is
        await rename(this.path, this.#destination);
        return undefined;
      }
      return await this.#swap();
    } catch (error) {
      throw targetFailure(error, `${this.#destination} cannot be put in place`);
    }
  }

  async discard(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  async #swap(): Promise<string> {
    if (await exists(this.#old))
      throw new Failure('target', `${this.#old} is there already: another restore of this name replaced something`);
    await rename(this.#destination, this.#old);
    try {
      await rename(this.path, this.#destination);
    } catch (error) {
      await rename(this.#old, this.#destination);
      throw error;
    }
    return this.#old;
  }
}

async function checkDestination(destination: string, replace: boolean): Promise<void> {
  if (basename(destination) === '')
    throw new Failure('target', 'a restore takes a folder of its own, not the root of the file system');
  const found = await factsOf(destination);
  if (!found) return;
  if (found.isSymbolicLink()) throw new Failure('target', `${destination} is a symbolic link: name what it leads to`);
  if (!found.isDirectory()) throw new Failure('target', `${destination} is a file`);
  if (found.dev !== (await stat(dirname(destination))).dev)
    throw new Failure('target', `${destination} is where a volume is mounted: name a folder in it`);
  if (!replace && (await holdsSomething(destination)))
    throw new Failure('target', `${destination} is not empty: name another folder, or have it replaced`);
}

async function holdsSomething(folder: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  const opened = await opendir(folder);
  try {
    return (await opened.read()) !== null;
  } finally {
    await opened.close();
  }
}

const exists = async (path: string): Promise<boolean> => (await factsOf(path)) !== undefined;

const factsOf = (path: string) =>
  lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
