import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { PostgresServer } from '../../../lib/local/servers/postgres-server.ts';
import type { PostgresClient } from '../../../lib/runtime/postgres/clients.ts';
import { findGnuTar, type GnuTar } from '../../../lib/runtime/tree/gnu-tar.ts';
import { FaultProxy } from '../fault-proxy.ts';
import { PostgresGate } from '../postgres-gate.ts';
import { s3Client } from './case-vault.ts';
import { databaseOf, type ServerPlace, type StagePlaces, serverAt } from './stage.ts';

/** A disk that is full soon. */
const SMALL_DISK = '512k';

/** A server, and the way to it on which a dump can be held. */
export interface GatedServer {
  readonly server: PostgresServer;
  readonly gate: PostgresGate;
}

/** What one lane has for itself: its ways to store and servers, and a small disk. One case at a time runs in it. */
export class LaneRig {
  readonly number: number;
  readonly places: StagePlaces;
  /** Reaches the store without any fault. */
  readonly s3: S3Client;
  readonly proxy: FaultProxy;
  readonly servers: readonly GatedServer[];
  readonly standby: GatedServer;
  readonly clients: readonly PostgresClient[];
  readonly tar: GnuTar;
  readonly secrets: SecretsStandIn;
  /** For temp files of tasks and of restores. */
  readonly temp: string;
  /** A small file system; undefined where this user may not mount one. */
  readonly smallDisk: string | undefined;

  private constructor(rig: Omit<LaneRig, 'stop' | 'database'>) {
    this.number = rig.number;
    this.places = rig.places;
    this.s3 = rig.s3;
    this.proxy = rig.proxy;
    this.servers = rig.servers;
    this.standby = rig.standby;
    this.clients = rig.clients;
    this.tar = rig.tar;
    this.secrets = rig.secrets;
    this.temp = rig.temp;
    this.smallDisk = rig.smallDisk;
  }

  static async open(places: StagePlaces, number: number, mayMount: boolean): Promise<LaneRig> {
    const temp = join(places.folder, `lane${number}`);
    mkdirSync(temp);
    return new LaneRig({
      number,
      places,
      s3: s3Client(places.s3),
      proxy: await FaultProxy.start(places.s3.endpoint),
      servers: await Promise.all(places.servers.map(gated)),
      standby: await gated(places.standby),
      clients: places.installs.map(clientOf),
      tar: await findGnuTar(process.env.PATH ?? ''),
      secrets: await SecretsStandIn.start(),
      temp,
      smallDisk: mayMount ? mounted(join(temp, 'small-disk')) : undefined,
    });
  }

  /** This lane's database of such a shape, on each server. */
  database(shape: 'small' | 'parts'): string {
    return databaseOf(this.number, shape);
  }

  async stop(): Promise<void> {
    for (const { gate } of [...this.servers, this.standby]) gate.close();
    this.secrets.stop();
    await this.proxy.stop();
    this.s3.destroy();
  }
}

async function gated(place: ServerPlace): Promise<GatedServer> {
  return { server: serverAt(place), gate: await PostgresGate.before(place) };
}

const clientOf = ({ major, version, binDir }: StagePlaces['installs'][number]): PostgresClient => ({
  major,
  version,
  pgDump: join(binDir, 'pg_dump'),
  pgRestore: join(binDir, 'pg_restore'),
});

function mounted(folder: string): string | undefined {
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}

/** As much of Secrets Manager as a task that runs as a process asks: one secret. */
export class SecretsStandIn {
  text = '{}';
  readonly #server = createServer((incoming, reply) => {
    incoming.resume().once('end', () => {
      reply.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      reply.end(JSON.stringify({ Name: 'case', SecretString: this.text }));
    });
  });

  static async start(): Promise<SecretsStandIn> {
    const secrets = new SecretsStandIn();
    secrets.#server.listen(0, '127.0.0.1');
    await once(secrets.#server, 'listening');
    return secrets;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
