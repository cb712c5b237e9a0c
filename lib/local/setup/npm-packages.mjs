// Plain JavaScript: bootstrap.mjs runs this on the host's own Node, before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { makeReadable } from './cache-folder.mjs';
import { isAlive, withLock } from './lock.mjs';

const STAMP = '.nightproof-lock';
// npm says what is wrong first, and its usage after it
const OUTPUT_HEAD = 2000;

/**
 * Brings `node_modules` of the tree in line with its lock file; nothing is done where it already is.
 * npm works in a folder beside, which is renamed when whole: an interrupted install leaves no half
 * `node_modules`, and a run that is going on in the same tree keeps the one it started with.
 */
export async function ensurePackages({ tree, cache, report }) {
  if (isCurrent(tree)) return;
  const scratch = join(tree, '.nightproof', 'install');
  mkdirSync(scratch, { recursive: true });
  makeReadable(join(cache, 'npm'));
  const waiting = (owner) => report(`waiting for the set-up of process ${owner}, which installs npm packages in this tree`);
  await withLock(join(tree, '.nightproof', 'install.lock'), waiting, async () => {
    if (isCurrent(tree)) return;
    report(`installing npm packages, Node 24 among them (${whyNot(tree)}; about 20 s)`);
    await install(tree, cache, scratch);
  });
}

export const nodeOf = (tree) => join(tree, 'node_modules', '.bin', 'node');

function isCurrent(tree) {
  const stamp = join(tree, 'node_modules', STAMP);
  return existsSync(nodeOf(tree)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(tree);
}

function whyNot(tree) {
  if (!existsSync(join(tree, 'node_modules'))) return 'there are none yet';
  return existsSync(nodeOf(tree)) ? 'package-lock.json has changed' : 'Node 24 is missing among them';
}

/** Also the platform: a tree that was copied to another machine needs its binaries anew. */
function stampOf(tree) {
  const lock = createHash('sha256')
    .update(readFileSync(join(tree, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform}-${process.arch}\n`;
}

async function install(tree, cache, scratch) {
  removeLeftovers(scratch);
  const work = join(scratch, String(process.pid));
  mkdirSync(work);
  try {
    for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
      if (existsSync(join(tree, name))) cpSync(join(tree, name), join(work, name));
    }
    await npm(['ci', '--cache', join(cache, 'npm'), ...NPM_FLAGS], work);
    if (!existsSync(nodeOf(work))) throw new Error('npm ci ran, but brought no Node 24: it ran no install scripts.');
    writeFileSync(join(work, 'node_modules', STAMP), stampOf(work));
    if (existsSync(join(tree, 'node_modules'))) renameSync(join(tree, 'node_modules'), join(work, 'former'));
    renameSync(join(work, 'node_modules'), join(tree, 'node_modules'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What installs left that were killed. */
function removeLeftovers(scratch) {
  for (const name of readdirSync(scratch)) {
    if (!isAlive(Number(name))) rmSync(join(scratch, name), { recursive: true, force: true });
  }
}

// Whatever the user's npm settings are: the tools are development packages, and Node 24 comes by an install script.
const NPM_FLAGS = ['--prefer-offline', '--include=dev', '--ignore-scripts=false', '--no-audit', '--no-fund', '--loglevel=error'];

/** npm's own npm where it started us, else the one beside this Node or in PATH. Its output is shown only when it fails. */
function npm(args, cwd) {
  const started = process.env.npm_execpath ?? '';
  const isNpm = basename(started) === 'npm-cli.js' && existsSync(started);
  const [command, first] = isNpm ? [process.execPath, [started]] : ['npm', []];
  const path = [process.env.PATH, dirname(process.execPath)].filter(Boolean).join(delimiter);
  const child = spawn(command, [...first, ...args], {
    cwd,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk).slice(0, OUTPUT_HEAD);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve, reject) => {
    child.on('error', () => reject(new Error('npm is not there. Install it beside Node: apt-get install -y npm')));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ci failed (${signal ?? `exit code ${code}`}) and said:\n${output.trim()}`));
    });
  });
}
