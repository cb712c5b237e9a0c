#!/usr/bin/env node
import { main } from '../lib/cli/main.ts';

const { argv, env, stdin, stdout, stderr } = process;
const interrupt = new AbortController();
let code: number | undefined;

// the second Ctrl-C does not wait for anything
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  });
}
// `nightproof list | head` is no error
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? (code ?? 0) : 3));

code = await main({ args: argv.slice(2), stdin, stdout, stderr, env, interrupt: interrupt.signal });
process.exit(code);
