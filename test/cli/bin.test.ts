import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { manifestKey } from '../../lib/domain/backup/keys.ts';
import { BIN, CACHE, cliProcess, isExecutable } from '../support/cli-process.ts';
import { manifestOf, SUNDAY } from '../support/night.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { toolchain } from '../support/toolchain.ts';
import { VaultRig } from '../support/vault-rig.ts';

/** Tells of each module that is loaded. */
const TELL_MODULES = `data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module';
   registerHooks({ load(url, context, next) { process.stderr.write('loads ' + url + '\\n'); return next(url, context); } });`,
)}`;

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-west-3' };

it('is a program of its own', () => {
  expect(isExecutable(BIN)).toBe(true);
  expect(readFileSync(BIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

it.each([
  [['--help'], 0],
  [['run', '--help'], 0],
  [['--version'], 0],
  [[], 2],
  [['nope'], 2],
  [['run', 'a=b'], 2],
  [['show', 'nope'], 2],
])('ends %j with %i', async (args, expected) => {
  expect((await cliProcess(args)).code).toBe(expected);
});

it('ends with 2 where no region is set, and with 3 without credentials; never with a stack', async () => {
  const noRegion = await cliProcess(['list']);
  const noCredentials = await cliProcess(['list', '--region', 'eu-west-3']);

  expect(noRegion).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error: no AWS region is set\nremedy: .+\n$/),
  });
  expect(noCredentials).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/^error: .+no AWS credentials.+\nremedy: .+\n$/),
  });
});

it('shows the stack with NIGHTPROOF_DEBUG=1', async () => {
  const { code, stderr } = await cliProcess(['list', '--region', 'eu-west-3'], { env: { NIGHTPROOF_DEBUG: '1' } });

  expect(code).toBe(3);
  expect(stderr).toMatch(/\n {4}at .+aws-errors\.ts/);
});

it('ends with 3 where AWS cannot be reached', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));

  const { code, stderr } = await cliProcess(['list'], { env: { ...CREDENTIALS, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` } });

  expect(code).toBe(3);
  expect(stderr).toMatch(/^error: looking for the stack nightproof: no answer \(ECONNREFUSED\)\nremedy: .+\n$/);
});

it('loads nothing of the local cloud for AWS', async () => {
  const { stderr } = await cliProcess(['list', '--region', 'eu-west-3'], { node: ['--import', TELL_MODULES] });

  const loaded = stderr.match(/^loads file:.*$/gm) ?? [];
  expect(loaded.filter((line) => line.includes('/lib/cli/place/aws-backend.ts'))).toHaveLength(1);
  expect(loaded.filter((line) => /lib\/local\/|lib\/cli\/local-|aws-local-stepfunctions|aws-cdk-lib/.test(line))).toEqual([]);
});

it('looks at a local vault with nothing but an S3 server', async () => {
  await toolchain();
  const rig = await VaultRig.start();
  const dir = scratchFolder();
  const manifest = manifestOf('app', SUNDAY, Buffer.from('dump'));
  await rig.vault.putOnce(manifest.key, 'x');
  await rig.vault.putOnce(manifestKey(manifest.key), manifest);
  mkdirSync(join(dir, 'vault'));
  await promisify(execFile)('cp', ['-a', join(rig.server.dataDir, rig.bucket), join(dir, 'vault')]);
  await rig.stop();

  const list = await cliProcess(['list', '--json', '--local', dir], { env: CACHE });
  const none = await cliProcess(['list', '--source', 'crm', '--local', dir], { env: CACHE });
  const show = await cliProcess(['show', manifest.key, '--local', dir], { env: CACHE });

  expect(JSON.parse(list.stdout)).toMatchObject({
    vault: 'vault',
    findings: [{ key: manifest.key, problem: expect.stringContaining('has 3 bytes') }],
  });
  expect(none).toMatchObject({ code: 1, stdout: expect.stringContaining('No backups.') });
  expect(show).toMatchObject({ code: 1, stdout: expect.stringContaining(`backup=${dir}/vault/vault/${manifest.key}`) });
  const status = await cliProcess(['status', '--local', dir], { env: CACHE });
  const doctor = await cliProcess(['doctor', '--local', dir], { env: CACHE });
  const download = await cliProcess(['download', '--latest', 'app', '--local', dir], { env: CACHE, cwd: dir });

  expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining(`app     -     ${SUNDAY}`) });
  expect(doctor).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^BAD {2}synthesized stack: .+ holds none: no run/m),
  });
  expect(doctor.stdout).toMatch(/^- {4}dead letters: a local cloud is up only while a run is/m);
  // the object is damaged, as the list says
  expect(download).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was kept') });
  expect(existsSync(join(dir, `app_${SUNDAY}.dump`))).toBe(false);
  expect(existsSync(join(dir, 'cdk.out'))).toBe(false);
});

it('is no error where nobody reads the rest of its output', async () => {
  const { stdout, stderr } = await promisify(execFile)('bash', [
    '-c',
    `${process.execPath} ${BIN} --help | true; echo "$\{PIPESTATUS[0]}"`,
  ]);

  expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
});
