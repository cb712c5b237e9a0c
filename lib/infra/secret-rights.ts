import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Connection } from '../domain/config/connection.ts';

/** Reads the secrets of these connections, and logs in as their IAM users; nothing of any other. `id` names what is made for it. */
export function connectionRights(scope: Construct, id: string, connections: readonly Connection[]): PolicyStatement[] {
  const iamUsers = new Set(connections.flatMap(({ auth, user }) => (auth === 'iam' && user ? [user] : [])));
  return [
    ...secretRights(
      scope,
      id,
      connections.flatMap(({ secret }) => secret ?? []),
    ),
    ...(iamUsers.size > 0
      ? [
          new PolicyStatement({
            actions: ['rds-db:connect'],
            resources: [...iamUsers].map((user) => databaseUserArn(scope, user)),
          }),
        ]
      : []),
  ];
}

/** Reads these secrets, given by name or ARN. */
export function secretRights(scope: Construct, id: string, secrets: readonly string[]): PolicyStatement[] {
  const resources = [...new Set(secrets)].map((secret) => secretArn(scope, id, secret));
  return resources.length > 0 ? [new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources })] : [];
}

/** A secret given by name has a suffix of six characters in its ARN. */
const secretArn = (scope: Construct, id: string, secret: string): string =>
  secret.startsWith('arn:') ? secret : `${Secret.fromSecretNameV2(scope, `${id}Secret-${secret}`, secret).secretArn}-??????`;

const databaseUserArn = (scope: Construct, user: string): string =>
  Stack.of(scope).formatArn({
    service: 'rds-db',
    resource: 'dbuser',
    resourceName: `*/${user}`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
