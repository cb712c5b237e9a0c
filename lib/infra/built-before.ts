import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const TREE = join(import.meta.dirname, '../..');

/** All that goes into a bundle: our sources, and the exact versions of the packages. */
const SOURCES = ['lib', 'functions', 'tasks'];

const DAY_MS = 86_400_000;

/**
 * Fills a folder by building, or with what the same sources were built into before. Only where somebody names a folder for that
 * (`NIGHTPROOF_BUNDLES`): the local cloud does, which is synthesized anew for every command; `cdk deploy` always builds.
 */
export function builtBefore(what: string, folder: string, build: () => void): void {
  const root = process.env.NIGHTPROOF_BUNDLES;
  const kept = root && join(root, fingerprint(), createHash('sha256').update(what).digest('hex').slice(0, 16));
  if (kept && existsSync(kept)) {
    cpSync(kept, folder, { recursive: true });
    return;
  }
  build();
  if (kept) keep(root, kept, folder);
}

/** Others may do the same at the same time: what is there is whole, and whose it is does not matter. */
function keep(root: string, kept: string, folder: string): void {
  forgetOlder(root);
  const own = join(root, `.${randomUUID()}`);
  cpSync(folder, own, { recursive: true });
  mkdirSync(join(kept, '..'), { recursive: true });
  try {
    renameSync(own, kept);
  } catch {
    rmSync(own, { recursive: true, force: true });
  }
}

/** Bundles of sources that have changed since are of no use; those of today may be another tree's. */
function forgetOlder(root: string): void {
  for (const name of existsSync(root) ? readdirSync(root) : []) {
    const changed = statSync(join(root, name), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - changed > DAY_MS) rmSync(join(root, name), { recursive: true, force: true });
  }
}

let known: string | undefined;

function fingerprint(): string {
  known ??= SOURCES.flatMap((folder) =>
    readdirSync(join(TREE, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
    .filter((file) => file.endsWith('.ts'))
    .concat('package-lock.json')
    .sort()
    .reduce((hash, file) => hash.update(`${file}\0`).update(readFileSync(join(TREE, file))), createHash('sha256'))
    .digest('hex')
    .slice(0, 16);
  return known;
}
