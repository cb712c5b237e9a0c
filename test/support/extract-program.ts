/** Unpacks an archive as whoever runs it, and prints what came of it: a line of JSON. Its argument: what to unpack, as JSON. */
import { createReadStream } from 'node:fs';
import { Failure } from '../../lib/domain/outcomes.ts';
import { extractTree } from '../../lib/runtime/tree/extract-tree.ts';
import type { ToExtract } from './unprivileged-extract.ts';

const { file, destination, contents, limit } = JSON.parse(process.argv[2] ?? '') as ToExtract;
const said = await extractTree({
  source: createReadStream(file),
  method: 'gzip',
  destination,
  name: 'test',
  limit,
  sent: contents,
  signal: new AbortController().signal,
}).then(
  ({ files, warnings }) => ({ files, warnings }),
  (error: unknown) => (error instanceof Failure ? error.facts : { thrown: String(error) }),
);
process.stdout.write(`${JSON.stringify(said)}\n`);
