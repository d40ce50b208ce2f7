// Comprehensions. A fold that builds a list or map grows it in place: nobody else can name its accumulator.
// Reads: Fold nodes. Writes: Plans. Mirrors: cel-go's interpreter/interpretable.go (evalFold).
// Next: plan.ts, which plans the fold's parts.
import { accumulator, type Fold } from '../syntax/ast.ts';
import { isMap, MapValue, typeNameOf } from '../values.ts';
import { adapterOf } from './adapt.ts';
import { failureOf } from './failureOf.ts';
import { mapEntries } from './maps.ts';
import { fail } from './meter.ts';
import { type Frame, other, type Plan, type Planner, type Run } from './plan.ts';

export function planFold(e: Fold, p: Planner): Plan {
  const range = p.plan(e.range).run;
  const init = planInit(e, p);
  return p.scope([e.accuVar], ([accu]) => {
    const body = p.scope([e.iterVar, ...(e.iterVar2 === undefined ? [] : [e.iterVar2])], (slots) => ({
      slots,
      condition: p.plan(e.condition),
      step: p.plan(e.step),
    }));
    const result = p.plan(e.result).run;
    const [first, second] = body.slots as [number, number | undefined];
    const each = iterate(e, first, second);
    const turn = planTurn(accu!, body.condition, body.step.run);
    return other((f) => {
      const over = range(f);
      f.locals[accu!] = init(f);
      if (body.condition.value !== false) each(f, over, turn);
      return result(f);
    });
  });
}

/** An empty literal that constant folding would share is made anew each time, since the fold grows it. */
function planInit(e: Fold, p: Planner): Run {
  const plan = p.plan(e.init);
  if (plan.kind !== 'const' || e.accuVar !== accumulator) return plan.run;
  if (e.init.kind === 'list') return () => [];
  return e.init.kind === 'map' ? () => new MapValue() : plan.run;
}

/** One turn; false ends the loop. */
function planTurn(accu: number, condition: Plan, step: Run): (f: Frame) => boolean {
  if (condition.kind === 'const')
    return (f) => {
      f.locals[accu] = step(f);
      return true;
    };
  // A quantifier goes on after a failure: a later element may decide.
  return (f) => {
    if (condition.run(f) === false) return false;
    try {
      f.locals[accu] = step(f);
    } catch (e) {
      f.locals[accu] = failureOf(e);
    }
    return true;
  };
}

/** As Go names the type of a value that is neither list nor map. */
function goName(v: unknown): string {
  const name = typeNameOf(v).replace(/^google\.protobuf\.|_type$/g, '');
  return `types.${name[0]!.toUpperCase()}${name.slice(1)}`;
}

type Turn = (f: Frame) => boolean;

function iterate(e: Fold, first: number, second: number | undefined) {
  const range = e.range.type!;
  const adapt = adapterOf(range.kind === 'list' ? range.elem : range.kind === 'map' ? range.value : range);
  const lift = (v: unknown) => (adapt ? adapt(v) : v);
  const overList = (f: Frame, list: readonly unknown[], turn: Turn): void => {
    for (let i = 0; i < list.length; i++) {
      if (second === undefined) f.locals[first] = lift(list[i]);
      else {
        f.locals[first] = i;
        f.locals[second] = lift(list[i]);
      }
      if (!turn(f)) return;
    }
  };
  const overMap = (f: Frame, map: Record<string, unknown> | MapValue, turn: Turn): void => {
    for (const [key, value] of mapEntries(map)) {
      f.locals[first] = key;
      if (second !== undefined) f.locals[second] = lift(value);
      if (!turn(f)) return;
    }
  };
  return (f: Frame, over: unknown, turn: Turn): void => {
    if (Array.isArray(over)) overList(f, over, turn);
    else if (isMap(over)) overMap(f, over, turn);
    else fail(`got '${goName(over)}', expected iterable type`);
  };
}
