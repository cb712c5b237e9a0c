/** A fault that no single field has; `path` says where to point. */
export interface ConfigFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
