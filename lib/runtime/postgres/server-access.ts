import type { Connection } from '../../domain/config/connection.ts';
import { type ConnectionFiles, writeConnectionFiles } from './connection-files.ts';
import { type CredentialSources, credentialsFor, type ServerAddress } from './credentials.ts';
import { type DatabaseAddress, openSession, type ServerSession } from './server-connection.ts';

/** How one database of a source's server is reached, by us and by programs. Credentials are made anew each time. */
export class ServerAccess {
  readonly database: DatabaseAddress;
  readonly #connection: Connection;
  readonly #credentials: CredentialSources;

  constructor(connection: Connection, database: string, credentials: CredentialSources) {
    this.database = { database, sslMode: connection.sslMode };
    this.#connection = connection;
    this.#credentials = credentials;
  }

  async open(signal: AbortSignal): Promise<ServerSession> {
    return openSession(this.database, await credentialsFor(this.#connection, this.#credentials), signal);
  }

  /** Asks something in a session of its own. */
  async ask<T>(signal: AbortSignal, question: (session: ServerSession) => Promise<T>): Promise<T> {
    const session = await this.open(signal);
    try {
      return await question(session);
    } finally {
      await session.close();
    }
  }

  /** Does work with the files that a program needs to log in; they are gone afterwards. */
  async withFiles<T>(work: (server: ServerAddress, files: ConnectionFiles) => Promise<T>): Promise<T> {
    const { password, ...server } = await credentialsFor(this.#connection, this.#credentials);
    const files = await writeConnectionFiles(password);
    try {
      return await work(server, files);
    } finally {
      await files.remove();
    }
  }
}
