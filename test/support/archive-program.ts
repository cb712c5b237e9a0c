/** Archives a folder as whoever runs it, and prints what came of it: a line of JSON. Its arguments: folder, and roots to exclude. */
import { Failure } from '../../lib/domain/outcomes.ts';
import { findGnuTar } from '../../lib/runtime/tree/gnu-tar.ts';
import { streamTree } from '../../lib/runtime/tree/stream-tree.ts';

const [folder = '', ...exclude] = process.argv.slice(2);
const lines: string[] = [];
const archived = streamTree({
  tar: await findGnuTar(process.env.PATH ?? ''),
  folder,
  roots: ['.'],
  exclude,
  compression: 'gzip:1',
  sink: async () => undefined,
  members: async (more) => void lines.push(more),
  signal: new AbortController().signal,
  streamed: () => undefined,
});
const said = await archived.then(
  ({ exitCode, warnings }) => ({ exitCode, warnings, list: lines.join('') }),
  (error: unknown) => (error instanceof Failure ? error.facts : { thrown: String(error) }),
);
process.stdout.write(`${JSON.stringify(said)}\n`);
