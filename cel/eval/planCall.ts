// Calls: the logic operators, which look at no more than they need; reads through an index; and all functions of the libraries.
// Reads: Call nodes with their overloads. Writes: Plans. Mirrors: cel-go's interpreter/planner.go and interpretable.go.
// Next: cost/callCost.ts says what a call costs; dispatch.ts picks the overload where types are known only now.
import { type CallCost, callCost } from '../cost/callCost.ts';
import type { Overload } from '../libraries/declare.ts';
import { accumulator, type Call, type Expr } from '../syntax/ast.ts';
import { none, Optional } from '../values.ts';
import { adapterOf } from './adapt.ts';
import { dispatcher } from './dispatch.ts';
import { failureOf } from './failureOf.ts';
import { readField } from './fields.ts';
import { charge, EvalFailure, fail } from './meter.ts';
import {
  attribute,
  constant,
  type Frame,
  other,
  type Plan,
  type Planner,
  propertyOf,
  type Run,
  readOptional,
  valueType,
} from './plan.ts';

export function planCall(e: Call, p: Planner): Plan {
  const args = (e.target ? [e.target, ...e.args] : e.args).map((a) => p.plan(a));
  switch (e.fn) {
    case '_&&_':
      return other(logical(args, false));
    case '_||_':
      return other(logical(args, true));
    case '_?_:_':
      return conditional(args);
    case '@not_strictly_false':
      return other(notStrictlyFalse(args[0]!.run));
    case '_[_]':
    case '_[?_]':
      return index(e, args);
    case '_?._':
      return attribute(optionalField(e, args[0]!.bare));
    case 'or':
    case 'orValue':
      if (e.overloads!.some((o) => o.id.startsWith('optional_'))) return other(alternative(e.fn, args));
  }
  return membership(e, args, p) ?? growth(e, args, p) ?? ordinary(e, args, p);
}

/** The value, or the failure as one. */
function attempt(run: Run, f: Frame): unknown {
  try {
    return run(f);
  } catch (e) {
    return failureOf(e);
  }
}

/** `decides` is the operand that settles the matter: true for ||. A failure counts only if the other side does not settle it. */
function logical(args: Plan[], decides: boolean): Run {
  const [left, right] = args.map((a) => a.run) as [Run, Run];
  return (f) => {
    const a = attempt(left, f);
    if (a === decides) return decides;
    const b = attempt(right, f);
    if (b === decides) return decides;
    for (const v of [a, b])
      if (typeof v !== 'boolean') throw v instanceof EvalFailure ? v : new EvalFailure('no such overload');
    return !decides;
  };
}

/** The choice itself costs nothing, nor does an attribute that it chooses. */
function conditional(args: Plan[]): Plan {
  const [test, yes, no] = [args[0]!.run, args[1]!.bare, args[2]!.bare];
  const run: Run = (f) => {
    const chosen = test(f);
    if (chosen === true) return yes(f);
    return chosen === false ? no(f) : fail('no such overload');
  };
  return { kind: 'attribute', run, bare: run };
}

const notStrictlyFalse =
  (run: Run): Run =>
  (f) => {
    let value: unknown = true;
    try {
      value = run(f);
    } catch (e) {
      failureOf(e);
    }
    charge(1);
    return value !== false;
  };

function optionalField(e: Call, operand: Run): Run {
  const [target, field] = e.args as [Expr, Extract<Expr, { kind: 'const' }>];
  const property = propertyOf(target.type!, field.value as string);
  const isObject = valueType(target.type!).kind === 'object';
  const adapt = adapterOf(valueType(e.type!));
  return (f) => {
    const container = operand(f);
    if (container instanceof Optional) {
      const read = readOptional(container, property, isObject, adapt);
      if (read !== none) charge(1);
      return read;
    }
    const value = readField(container, property, isObject);
    if (value === undefined) return none;
    charge(1);
    return new Optional(adapt ? adapt(value) : value);
  };
}

/** `container[key]` reads an attribute on: 1 for the step, and nothing more for a key that is an attribute itself. */
function index(e: Call, args: Plan[]): Plan {
  const [container, key] = [args[0]!.bare, args[1]!.bare];
  const choose = dispatcher(e, e.overloads!);
  const { fixed } = choose;
  const adapt = adapterOf(valueType(e.type!));
  return attribute((f) => {
    const c = container(f);
    const k = key(f);
    const value = (fixed ?? choose([c, k])).run(c, k, undefined, undefined);
    // What `[?key]` does not find costs nothing.
    if (value === none) return none;
    charge(1);
    if (!adapt) return value;
    return value instanceof Optional ? new Optional(adapt(value.value)) : adapt(value);
  });
}

/** optional.or and optional.orValue: free, and the alternative is looked at only when it is needed. */
function alternative(fn: 'or' | 'orValue', args: Plan[]): Run {
  const [left, right] = args.map((a) => a.run) as [Run, Run];
  return (f) => {
    const value = left(f);
    if (!(value instanceof Optional)) return fail('no such overload');
    if (value.value === undefined) return right(f);
    return fn === 'or' ? value : value.value;
  };
}

/** `x in [constants]` is one look-up, and free. */
function membership(e: Call, args: Plan[], p: Planner): Plan | undefined {
  if (!p.optimize || e.fn !== '@in' || e.overloads!.length !== 1 || e.overloads![0]!.id !== 'in_list') return undefined;
  const list = args[1]!;
  if (list.kind !== 'const') return undefined;
  const members = list.value as unknown[];
  if (members.length === 0) return constant(false);
  if (!members.every((m) => ['string', 'number', 'boolean'].includes(typeof m))) return undefined;
  const set = new Set(members);
  const value = args[0]!.run;
  const { run } = e.overloads![0]!;
  return other((f) => {
    const v = value(f);
    return typeof v === 'object' ? run(v, members, undefined, undefined) : set.has(v);
  });
}

/** `accumulator + [item]` of the list macros, without copying what is there. */
function growth(e: Call, args: Plan[], p: Planner): Plan | undefined {
  const [accu, added] = e.args;
  if (e.fn !== '_+_' || accu?.kind !== 'ident' || accu.name !== accumulator || added?.kind !== 'list') return undefined;
  const slot = p.slot(accumulator)!;
  const item = args[1]!.run;
  return other((f) => {
    charge(1);
    const list = f.locals[slot] as unknown[];
    for (const v of item(f) as unknown[]) list.push(v);
    charge(1);
    return list;
  });
}

const conversions = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
]);

function ordinary(e: Call, args: Plan[], p: Planner): Plan {
  const overloads = e.overloads!;
  const run = invoke(
    e,
    args.map((a) => a.run),
    overloads,
  );
  if (p.optimize && conversions.has(e.fn) && args.length === 1 && args[0]!.kind === 'const')
    return constant(run({ bindings: {}, locals: [] }));
  return other(run);
}

/** The price of a call whose argument failed: it counts as a value of size 1. */
function failedCost(cost: number | CallCost, values: unknown[]): number {
  return typeof cost === 'number' || cost.byResult ? 1 : cost.of(values, undefined);
}

/**
 * Evaluates the arguments of a call. One or two are all evaluated, and the call is paid for, even when one fails; of more, the
 * first failure ends it. So it is upstream, and a rule that survives the failure (`a.b == 1 || …`) costs what it costs there.
 */
function evaluateArguments(f: Frame, args: Run[], cost: number | CallCost): unknown[] {
  const values: unknown[] = [];
  try {
    for (const run of args) values.push(run(f));
    return values;
  } catch (e) {
    const failure = failureOf(e);
    if (args.length > 2) throw failure;
    if (values.length === 0 && args[1]) values.push(undefined, attempt(args[1], f));
    charge(failedCost(cost, values));
    throw failure;
  }
}

function invoke(e: Call, args: Run[], overloads: Overload[]): Run {
  const choose = dispatcher(e, overloads);
  const { fixed } = choose;
  const cost = callCost(e.fn, overloads.length === 1 ? overloads[0]!.id : '');
  return (f) => {
    const values = evaluateArguments(f, args, cost);
    // What a call costs by its arguments is charged before it runs, so that the dear ones are not run for nothing.
    if (typeof cost === 'number') charge(cost);
    else if (!cost.byResult) charge(cost.of(values, undefined));
    const result = (fixed ?? choose(values)).run(values[0], values[1], values[2], values[3]);
    if (typeof cost !== 'number' && cost.byResult) charge(cost.of(values, result));
    return result;
  };
}
