import type { App } from 'aws-cdk-lib';
import type { Config } from '../domain/config/config.ts';
import { NightproofStack } from './nightproof-stack.ts';
import { OffsiteStack } from './offsite-stack.ts';

/** The stacks of a configuration: nightproof, which knows nothing of where it is deployed, and the off-site bucket at its fixed place. */
export function nightproofStacks(app: App, config: Config, deployingAccount?: string): void {
  const { name, offsite, objectLock } = config;
  const stack = new NightproofStack(app, name, { stackName: name, config });
  if (!offsite) return;
  const offsiteStack = new OffsiteStack(app, `${name}-offsite`, {
    stackName: `${name}-offsite`,
    offsite,
    sourceStack: name,
    ...(objectLock && { objectLock }),
    ...(deployingAccount && { sourceAccount: deployingAccount }),
  });
  // S3 takes a rule of replication only when the bucket is there
  stack.addStackDependency(offsiteStack);
}
