// What an evaluation has spent, of two kinds: cost, which upstream defines and reports, and work, which is ours: steps of copying and
// comparing that cost says nothing about but that take time all the same. Evaluation never waits, so one meter runs at a time.
// Mirrors: cel-go's interpreter/runtimecost.go (CostTracker). Next: plan.ts charges; libraries count their loops as work.

/** A failure inside an evaluation. No Error: `||` and `&&` swallow many, and a stack would be dear. */
export class EvalFailure {
  readonly message: string;
  readonly exceeded: boolean;
  constructor(message: string, exceeded = false) {
    this.message = message;
    this.exceeded = exceeded;
  }
}

export const costExceeded = 'operation cancelled: actual cost limit exceeded';
/** About 100 ms of steps. */
const maxWork = 4_000_000;

/** `run` tells one evaluation from the next. */
export const meter = { cost: 0, budget: 0, work: 0, run: 0 };
let runs = 0;

export function charge(cost: number): void {
  meter.cost += cost;
  if (meter.cost > meter.budget) throw new EvalFailure(costExceeded, true);
}

export function work(steps: number): void {
  meter.work += steps;
  if (meter.work > maxWork) throw new EvalFailure(costExceeded, true);
}

/** Runs `body` on a fresh meter; the one that ran before goes on after it. */
export function metered<T>(budget: number, body: () => T): { value: T; cost: number } {
  const before = { ...meter };
  Object.assign(meter, { cost: 0, budget, work: 0, run: ++runs });
  try {
    return { value: body(), cost: meter.cost };
  } finally {
    Object.assign(meter, before);
  }
}

export const fail = (message: string): never => {
  throw new EvalFailure(message);
};
