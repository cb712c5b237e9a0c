import type { MotoInstall } from '../setup/moto.ts';
import { LOOPBACK } from './free-port.ts';
import { processGroup } from './process-group.ts';
import { startServer } from './server-start.ts';

const PROBE_LIMIT_MS = 2000;

export interface MotoServer {
  /** For `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** Starts moto: SNS, CloudWatch, Secrets Manager, CloudFormation and the rest, in memory. `env` is added to its environment. */
export async function startMoto(install: MotoInstall, env: NodeJS.ProcessEnv = {}): Promise<MotoServer> {
  const folder = processGroup.folder('moto');
  const server = await startServer({
    name: 'moto',
    folder: folder.path,
    command: install.python,
    args: (port) => ['-m', 'moto.server', '-H', LOOPBACK, '-p', String(port)],
    options: {
      cwd: folder.path,
      env: { ...withoutAws(process.env), PYTHONPATH: install.packages, PYTHONNOUSERSITE: '1', PYTHONUNBUFFERED: '1', ...env },
    },
    // Its own log says so too: on that port another moto might answer.
    answers: async (port, log) => log().includes(`Running on http://${LOOPBACK}:${port}`) && (await responds(port)),
  }).catch((thrown: unknown) => {
    folder.remove();
    throw thrown;
  });
  const stop = async (): Promise<void> => {
    await server.process.stop();
    folder.remove();
  };
  return { endpoint: `http://${LOOPBACK}:${server.port}`, stop };
}

async function responds(port: number): Promise<boolean> {
  const response = await fetch(`http://${LOOPBACK}:${port}/moto-api/`, { signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
  await response.arrayBuffer();
  return response.ok;
}

/** The user's AWS settings and MOTO_ ones must not change what the local cloud is. */
function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(AWS|MOTO)_/.test(name)));
}
