// Run by process-group.test.ts as a process of its own: starts one server of each kind, says which processes and folders
// that makes, and holds them until it is ended from outside or, with an argument, ends itself in that way.
import { readFileSync } from 'node:fs';
import { endTogether } from '../../../lib/local/servers/end-together.ts';
import { startMoto } from '../../../lib/local/servers/moto-server.ts';
import { startPostgres } from '../../../lib/local/servers/postgres-server.ts';
import { processGroup } from '../../../lib/local/servers/process-group.ts';
import { startS3 } from '../../../lib/local/servers/s3-server.ts';
import { toolchain } from '../../support/toolchain.ts';

const { postgres, versitygw, moto } = await toolchain();
const [install] = postgres;
const [how = 'hold', ownEnding = ''] = process.argv.slice(2);
if (install === undefined) throw new Error('no PostgreSQL');

if (how === 'together') endTogether();
const folder = processGroup.folder('held');
await Promise.all([startPostgres(install), startS3(versitygw, { dataDir: `${folder.path}/data` }), startMoto(moto)]);

const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
process.stdout.write(`${JSON.stringify({ pids: pids.map(Number), folder: folder.path })}\n`);
if (ownEnding === 'throw') throw new Error('a fault of ours');
if (ownEnding === 'exit') process.exit(3);
setInterval(() => undefined, 1000);
