import { join } from 'node:path';
import { type MotoServer, startMoto } from '../servers/moto-server.ts';
import { type S3Server, startS3 } from '../servers/s3-server.ts';
import type { Toolchain } from '../setup/toolchain.ts';

export interface LocalServers {
  readonly s3: S3Server;
  readonly moto: MotoServer;
}

/** Starts versitygw over the folder's vault, and moto, which remembers nothing. */
export async function startServers(toolchain: Pick<Toolchain, 'moto' | 'versitygw'>, dir: string): Promise<LocalServers> {
  const starting = [startS3(toolchain.versitygw, { dataDir: join(dir, 'vault') }), startMoto(toolchain.moto)] as const;
  try {
    const [s3, moto] = await Promise.all(starting);
    return { s3, moto };
  } catch (error) {
    for (const started of await Promise.allSettled(starting)) if (started.status === 'fulfilled') await started.value.stop();
    throw error;
  }
}

export async function stopServers({ s3, moto }: LocalServers): Promise<void> {
  await Promise.all([s3.stop(), moto.stop()]);
}
