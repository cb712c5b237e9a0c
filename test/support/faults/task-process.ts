import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { LaneRig } from './lane-rig.ts';
import type { TaskEnd } from './night-of-case.ts';

/** The dump task as a process of its own, with nothing but the environment that the template gives it. */
export class TaskProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<TaskEnd>;
  #stopped: () => void = () => undefined;

  constructor(rig: LaneRig, job: { readonly bucket: string; readonly planKey: string; readonly id: string }, killAt?: number) {
    const { region, accessKeyId, secretAccessKey } = rig.places.s3;
    this.#child = spawn(process.execPath, [rig.places.task, ...(killAt === undefined ? [] : [String(killAt)])], {
      env: {
        AWS_ENDPOINT_URL_S3: rig.proxy.endpoint,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: rig.secrets.endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        VAULT_BUCKET: job.bucket,
        PLAN_KEY: job.planKey,
        SOURCE_ID: job.id,
        VOLUME_FOLDER: rig.places.volume,
        PATH: `${rig.places.installs.map(({ binDir }) => binDir).join(':')}:/usr/bin:/bin`,
        TMPDIR: tmpdir(),
      },
      stdio: 'ignore',
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (exitCode) => resolve({ exitCode }));
      this.#child.once('error', () => resolve({ exitCode: null }));
    });
  }

  /** Settles when it has ended; the night gives one up that was stopped. */
  end(): Promise<TaskEnd> {
    const stopped = new Promise<TaskEnd>((resolve) => {
      this.#stopped = () => resolve('timed out');
    });
    return Promise.race([this.#exited, stopped]);
  }

  /** Returns whether the process was there to get it. */
  signal(signal: NodeJS.Signals): boolean {
    const sent = this.#child.exitCode === null && this.#child.signalCode === null && this.#child.kill(signal);
    if (sent && signal === 'SIGSTOP') this.#stopped();
    return sent;
  }

  /** Lets one that was stopped go on, and waits for its end. */
  async goOn(): Promise<void> {
    this.#child.kill('SIGCONT');
    await this.#exited;
  }
}
