import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { LOOPBACK } from './free-port.ts';
import { processGroup } from './process-group.ts';
import { type RunningServer, startServer } from './server-start.ts';

const REGION = 'us-east-1';
const PROBE_LIMIT_MS = 2000;

export interface S3ServerOptions {
  /** Where buckets lie as folders and objects as plain files: `<dataDir>/<bucket>/<key>`. */
  readonly dataDir: string;
  /** Where former versions of objects lie. @default - beside the data: `<dataDir>.versions` */
  readonly versionsDir?: string;
  /** Where objects' metadata lie if the file system has no extended attributes. @default - beside the data: `sidecar.<dataDir>` */
  readonly sidecarDir?: string;
}

export interface S3Server {
  /** For `AWS_ENDPOINT_URL_S3`; clients need `forcePathStyle`. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly dataDir: string;
  readonly stop: () => Promise<void>;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Starts versitygw over a folder, with credentials that are new each time. */
export async function startS3(versitygw: string, options: S3ServerOptions): Promise<S3Server> {
  const dataDir = resolve(options.dataDir);
  const versionsDir = resolve(options.versionsDir ?? `${dataDir}.versions`);
  const sidecarDir = resolve(options.sidecarDir ?? besideOf(dataDir));
  for (const dir of [dataDir, versionsDir]) mkdirSync(dir, { recursive: true });
  const credentials = { accessKeyId: hex(10), secretAccessKey: hex(20) };
  const logs = processGroup.folder('s3');
  const over = (...metadata: string[]): Promise<RunningServer> =>
    launch(versitygw, logs.path, ['--versioning-dir', versionsDir, ...metadata, dataDir], credentials);
  try {
    // It refuses to start where the file system has no extended attributes; Node cannot ask that by itself.
    const server = await over().catch(() => over('--sidecar', made(sidecarDir)));
    const stop = async (): Promise<void> => {
      await server.process.stop();
      logs.remove();
    };
    return { endpoint: endpointOf(server.port), region: REGION, ...credentials, dataDir, stop };
  } catch (thrown) {
    logs.remove();
    throw thrown;
  }
}

function launch(versitygw: string, folder: string, posix: readonly string[], credentials: Credentials): Promise<RunningServer> {
  return startServer({
    name: 'versitygw',
    folder,
    command: versitygw,
    args: (port) => ['--quiet', '--region', REGION, '--port', `${LOOPBACK}:${port}`, 'posix', ...posix],
    // Nothing of our environment: VGW_ variables would change what it is.
    options: { cwd: folder, env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey } },
    answers: (port) => listsBuckets(port, credentials),
  });
}

/** Only the server that we started knows these credentials. */
async function listsBuckets(port: number, credentials: Credentials): Promise<boolean> {
  const client = new S3Client({ endpoint: endpointOf(port), region: REGION, credentials, forcePathStyle: true, maxAttempts: 1 });
  try {
    await client.send(new ListBucketsCommand(), { abortSignal: AbortSignal.timeout(PROBE_LIMIT_MS) });
    return true;
  } finally {
    client.destroy();
  }
}

function made(dir: string): string {
  mkdirSync(dir, { recursive: true });
  return dir;
}

// versitygw takes any path that begins with the data's for one inside it, so the name does not begin so
const besideOf = (dataDir: string): string => join(dirname(dataDir), `sidecar.${basename(dataDir)}`);

const endpointOf = (port: number): string => `http://${LOOPBACK}:${port}`;

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
