import { Aspects, Validations } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import { rules } from 'cdk-nag';
import type { IConstruct } from 'constructs';

/** Accepts a finding of cdk-nag's AwsSolutions pack below a construct, with the reason why it is right there. */
export function acknowledge(scope: IConstruct, rule: `AwsSolutions-${string}`, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions::${rule}`, reason });
}

/** A wildcard that a policy may hold, and why. The pattern is held against cdk-nag's name of the finding, as `Resource::<Vault.Arn>/runs/*`. */
export interface AcceptedWildcard {
  readonly pattern: RegExp;
  readonly reason: string;
}

/** Accepts the wildcards in the policies below a construct that match a pattern, and no others: a new one fails the synth. */
export function acknowledgeWildcards(scope: IConstruct, accepted: readonly AcceptedWildcard[]): void {
  Aspects.of(scope).add({
    visit: (node) => {
      if (!(node instanceof CfnPolicy)) return;
      for (const finding of wildcardsIn(node)) {
        const match = accepted.find(({ pattern }) => pattern.test(finding));
        if (match) acknowledge(node, `AwsSolutions-IAM5[${finding}]`, match.reason);
      }
    },
  });
}

function wildcardsIn(policy: CfnPolicy): readonly string[] {
  const findings: unknown = rules.iam.IAMNoWildcardPermissions(policy);
  return Array.isArray(findings) ? findings : [];
}

/** Objects of the vault, by the prefix of their tier. */
export const VAULT_OBJECTS: AcceptedWildcard = {
  pattern:
    /^Resource::(<Vault\w+\.Arn>|arn:.*:s3:::[a-z0-9.-]+)\/(daily|weekly|monthly|yearly|archive|runs|restores|drills|patrols)\/\*(\.damaged\.json)?$/,
  reason: 'Objects are named by source and night: their prefix is the narrowest resource there is',
};
