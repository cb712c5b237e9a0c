import { type CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Assembly, assetHash } from './assembly.ts';
import { ACCOUNT_ID, type Endpoints, settingsClient } from './endpoints.ts';
import { objectIn } from './json.ts';

/** The newest version of the bootstrap stack that the CDK asks for, and more. */
const BOOTSTRAP_VERSION = '30';

/** A zip without files. moto wants something under the key of a function's code; what is run lies in the assembly. */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]);

/** What `cdk bootstrap` leaves in an account, as much as a template names of it. Returns the bucket of the assets. */
export async function createBootstrapStack(
  client: CloudFormationClient,
  { template }: Assembly,
  endpoints: Endpoints,
): Promise<string> {
  const assetBucket = `cdk-hnb659fds-assets-${ACCOUNT_ID}-${endpoints.region}`;
  const Resources = {
    Version: {
      Type: 'AWS::SSM::Parameter',
      Properties: { Type: 'String', Name: '/cdk-bootstrap/hnb659fds/version', Value: BOOTSTRAP_VERSION },
    },
    Assets: { Type: 'AWS::S3::Bucket', Properties: { BucketName: assetBucket } },
  };
  await client.send(new CreateStackCommand({ StackName: 'CDKToolkit', TemplateBody: JSON.stringify({ Resources }) }));

  const s3 = new S3Client(settingsClient(endpoints));
  const codes = Object.values(template.Resources).map(({ Properties }) => objectIn(Properties?.Code).S3Key);
  for (const key of new Set(codes.filter((code) => code !== undefined).map((code) => `${assetHash(code)}.zip`)))
    await s3.send(new PutObjectCommand({ Bucket: assetBucket, Key: key, Body: EMPTY_ZIP }));
  s3.destroy();
  return assetBucket;
}
