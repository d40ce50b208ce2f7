// What a CEL expression throws when it is evaluated and has no value.
// Mirrors: cel-go's types.Err and interpreter.EvalCancelledError.
// Next: callers turn it into their own field errors.

/** `message` is cel-go's. `exceeded`: the budget was used up, the expression says nothing about the data. */
export class CelError extends Error {
  readonly exceeded: boolean;
  constructor(message: string, exceeded = false) {
    super(message);
    this.exceeded = exceeded;
  }
}
