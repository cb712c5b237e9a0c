/** Something the machine lacks and set-up cannot bring. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  /** The command that would bring it. */
  readonly command: string;

  constructor(what: string, command: string, options?: ErrorOptions) {
    super(`${what}\nThis would bring it:  ${command}`, options);
    this.command = command;
  }
}
