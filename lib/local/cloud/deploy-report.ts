export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
}

/** What became of each resource of the template, and of each other stack of the assembly. */
export interface DeployReport {
  /** Created by moto's CloudFormation. */
  readonly created: readonly DeployedResource[];
  /** Created by a call of ours, with the properties of the template. */
  readonly createdDirectly: readonly DeployedResource[];
  /** Not there. */
  readonly notCreated: readonly { readonly logicalId: string; readonly type: string; readonly why: string }[];
  /** Properties of created resources that moto is known to drop. */
  readonly ignored: readonly { readonly logicalId: string; readonly type: string; readonly properties: readonly string[] }[];
  /** Stacks that were not deployed. */
  readonly notDeployed: readonly { readonly stackName: string; readonly why: string }[];
}
