/** The package has no types of its own at the place that its package.json names. */
declare module 'asl-validator' {
  interface Result {
    readonly isValid: boolean;
    readonly errorsText: (separator?: string) => string;
  }
  /** Fills in defaults in what it is given. */
  const validate: (definition: object) => Result;
  export = validate;
}
