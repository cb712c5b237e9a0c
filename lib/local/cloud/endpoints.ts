/** Where the services of one local cloud answer, and what every caller is told about it. */
export interface Endpoints {
  /** moto: everything but S3. */
  readonly aws: string;
  /** versitygw. */
  readonly s3: string;
  readonly region: string;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** moto's account. */
export const ACCOUNT_ID = '123456789012';

/** For an SDK client of anything but S3. */
export const awsClient = ({ aws, region, accessKeyId, secretAccessKey }: Endpoints) => ({
  endpoint: aws,
  region,
  credentials: { accessKeyId, secretAccessKey },
});

/** For an S3 client of the vault. */
export const vaultClient = (endpoints: Endpoints) => ({ ...awsClient(endpoints), endpoint: endpoints.s3, forcePathStyle: true });

/** For an S3 client of moto, which keeps what versitygw does not know: settings of buckets, and the assets that a deployment names. */
export const settingsClient = (endpoints: Endpoints) => ({ ...awsClient(endpoints), forcePathStyle: true });

/**
 * What AWS itself puts into the environment of functions and containers. The two endpoint variables are what makes the
 * SDK talk to this cloud; credentials are static, where AWS would hand out those of the role.
 */
export const awsEnvironment = (endpoints: Endpoints): Record<string, string> => ({
  AWS_REGION: endpoints.region,
  AWS_DEFAULT_REGION: endpoints.region,
  AWS_ACCESS_KEY_ID: endpoints.accessKeyId,
  AWS_SECRET_ACCESS_KEY: endpoints.secretAccessKey,
  AWS_ENDPOINT_URL: endpoints.aws,
  AWS_ENDPOINT_URL_S3: endpoints.s3,
});
