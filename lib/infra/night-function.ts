import { Duration } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Policy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  DockerImageCode,
  DockerImageFunction,
  type FunctionOptions,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledgeWildcards, VAULT_OBJECTS } from './acknowledge.ts';
import { bundle } from './bundle.ts';
import { houseLogGroup } from './house-log-group.ts';
import { kebabCase } from './kebab-case.ts';

export interface NightFunctionProps {
  /** What the step is for; shown in the console. */
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  /** All that the step may do, besides writing its own log. */
  readonly may: readonly PolicyStatement[];
  /** Where the step runs as a container image: the folder of its build and the command. */
  readonly image?: { readonly folder: string; readonly target: string; readonly command: readonly string[] };
  /** Folder under `functions/`. @default - the name of the step, as `PlanRestore` in `plan-restore` */
  readonly folder?: string;
  /** Files beside the bundle: name → content. */
  readonly files?: Readonly<Record<string, string>>;
  /** @default 2 minutes */
  readonly timeout?: Duration;
  /** @default 256 */
  readonly memoryMiB?: number;
}

/** One step of a state machine: the handler of `functions/<step>/index.ts` with exactly the rights it is given. */
export class NightFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, step: string, props: NightFunctionProps) {
    super(scope, step);
    const logGroup = houseLogGroup(this, 'Logs');
    const role = this.roleFor(props.may);

    const options: FunctionOptions = {
      description: props.description,
      architecture: Architecture.ARM_64,
      timeout: props.timeout ?? Duration.minutes(2),
      memorySize: props.memoryMiB ?? 256,
      environment: { POWERTOOLS_SERVICE_NAME: 'nightproof', ...props.environment },
      logGroup,
      role,
    };
    this.function = props.image
      ? new DockerImageFunction(this, 'Function', {
          ...options,
          code: DockerImageCode.fromImageAsset(props.image.folder, {
            target: props.image.target,
            cmd: [...props.image.command],
            platform: Platform.LINUX_ARM64,
          }),
        })
      : new LambdaFunction(this, 'Function', {
          ...options,
          runtime: Runtime.NODEJS_24_X,
          handler: 'index.handler',
          code: Code.fromAsset(
            bundle(this, {
              name: kebabCase(step),
              entries: { index: `functions/${props.folder ?? kebabCase(step)}/index.ts` },
              files: props.files ?? {},
            }),
          ),
        });
    logGroup.grantWrite(role);
  }

  /** Not the managed basic role: that one may write to every log group of the account. */
  private roleFor(may: readonly PolicyStatement[]): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const rights = new Policy(this, 'Rights', { roles: [role], statements: [...may] });
    acknowledgeWildcards(rights, [
      VAULT_OBJECTS,
      { pattern: /^Resource::\*$/, reason: 'PutMetricData knows no resources; a condition holds it to our namespace' },
    ]);
    return role;
  }
}
