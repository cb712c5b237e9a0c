// The door of `npm test`, `npm run demo`, `npm run bench` and `npm run prove`. Plain JavaScript without dependencies: it runs on the host's
// Node 20 or newer before anything is installed, brings the npm packages, and hands over to the Node 24 among them.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, makeReadable } from './cache-folder.mjs';
import { ensurePackages, nodeOf } from './npm-packages.mjs';

const TREE = fileURLToPath(new URL('../../..', import.meta.url));

const SCRIPTS = {
  test: 'lib/local/setup/run-tests.ts',
  demo: 'lib/local/demo/main.ts',
  bench: 'test/bench/main.ts',
  prove: 'test/prove/main.ts',
  ready: 'lib/local/setup/ready.ts',
};

const report = (line) => process.stderr.write(`nightproof: ${line}\n`);

/** 128 + the signal's number where a signal ended it, as shells have it. */
const exitCode = (code, signal) => code ?? 128 + (constants.signals[signal] ?? 0);

function runUnderNode24(script, args) {
  const path = [dirname(nodeOf(TREE)), process.env.PATH].filter(Boolean).join(delimiter);
  const child = spawn(nodeOf(TREE), [join(TREE, script), ...args], {
    env: { ...process.env, PATH: path, NIGHTPROOF_CACHE: CACHE },
    // the channel tells the child when this process is gone, however it went
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (thrown) => fail(`cannot run ${nodeOf(TREE)}: ${thrown.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = exitCode(code, signal);
    if (child.connected) child.disconnect();
    if (signal === null) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(line) {
  report(line);
  process.exit(1);
}

const [verb = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(SCRIPTS, verb)) fail(`"${verb}" is none of the verbs: ${Object.keys(SCRIPTS).join(', ')}`);
if (!existsSync(join(TREE, SCRIPTS[verb]))) fail(`this tree has no ${SCRIPTS[verb]}`);

const CACHE = makeReadable(cacheFolder());
try {
  await ensurePackages({ tree: TREE, cache: CACHE, report });
} catch (thrown) {
  fail(thrown.message);
}
runUnderNode24(SCRIPTS[verb], args);
