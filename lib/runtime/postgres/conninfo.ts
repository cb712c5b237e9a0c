/** Parameters of libpq, by name. */
export type ConninfoParameters = Readonly<Record<string, string | number>>;

/**
 * A libpq connection string with every value quoted, so that no name (`a=b`, `it's`, `postgresql://…`) is read as anything but a
 * name. It stands in argv, which every process of the machine can read: a password has no place here.
 */
export function conninfo(parameters: ConninfoParameters): string {
  if ('password' in parameters) throw new Error('a password must not stand in a connection string');
  return Object.entries(parameters)
    .map(([name, value]) => `${name}='${String(value).replace(/[\\']/g, '\\$&')}'`)
    .join(' ');
}

/**
 * What every connection of a long dump needs. A server or a NAT gateway that goes away without closing the socket is noticed:
 * a silent peer is probed after 60 s and given up 50 s later, and sent data that nobody acknowledges fails after 2 minutes.
 */
export const STEADY_CONNECTION = {
  connect_timeout: 20,
  keepalives: 1,
  keepalives_idle: 60,
  keepalives_interval: 10,
  keepalives_count: 5,
  tcp_user_timeout: 120_000,
  application_name: 'nightproof',
  // else libpq may ask a Kerberos server first
  gssencmode: 'disable',
} as const satisfies ConninfoParameters;
