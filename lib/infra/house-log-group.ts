import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Logs are for finding out what happened last month; the vault's records are the lasting history. */
const LOG_RETENTION = RetentionDays.THREE_MONTHS;

/** A log group that ends with the stack and forgets after `LOG_RETENTION`: CDK's own default is for ever. */
export const houseLogGroup = (scope: Construct, id: string): LogGroup =>
  new LogGroup(scope, id, { retention: LOG_RETENTION, removalPolicy: RemovalPolicy.DESTROY });
