// A checked tree as closures, made once and run often. Each node charges what upstream's interpreter would charge for it.
// Reads: annotated nodes. Writes: Plans. Mirrors: cel-go's interpreter/planner.go, attributes.go, interpretable.go, decorators.go.
// Next: planCall.ts plans calls, planFold.ts comprehensions; cel.ts runs the root.
import { nameOfType } from '../check/names.ts';
import {
  accumulator,
  type Expr,
  type Ident,
  type ListLiteral,
  type MapLiteral,
  type Select,
  type StructLiteral,
} from '../syntax/ast.ts';
import type { CelType } from '../types.ts';
import { keyOf, MapValue, none, Optional, TypeValue } from '../values.ts';
import { type Adapter, adapterOf } from './adapt.ts';
import { hasField, readField } from './fields.ts';
import { charge, EvalFailure, fail } from './meter.ts';
import { planCall } from './planCall.ts';
import { planFold } from './planFold.ts';

/** What one evaluation works on: the caller's variables, and those of the folds by slot. */
export interface Frame {
  bindings: Readonly<Record<string, unknown>>;
  locals: unknown[];
}
export type Run = (f: Frame) => unknown;

/**
 * Names and what is selected of them are attributes: each costs 1 when it is read, but not where a `?:` or an index takes it over.
 * `bare` is the read without that 1; for all else it is `run`.
 */
export interface Plan {
  kind: 'const' | 'attribute' | 'other';
  run: Run;
  bare: Run;
  /** Of constants. */
  value?: unknown;
}

export interface Planner {
  plan(e: Expr): Plan;
  /** The slot of a fold's variable that is in scope, if any. */
  slot(name: string): number | undefined;
  /** Runs `body` with the names in scope, each in a slot of its own. */
  scope<T>(names: readonly string[], body: (slots: number[]) => T): T;
  /** Fold constants as upstream's servers do. */
  readonly optimize: boolean;
}

export const constant = (value: unknown): Plan => {
  const run = () => value;
  return { kind: 'const', run, bare: run, value };
};
export const other = (run: Run): Plan => ({ kind: 'other', run, bare: run });
export const attribute = (bare: Run): Plan => ({
  kind: 'attribute',
  bare,
  run(f) {
    charge(1);
    return bare(f);
  },
});

export const listCost = 10;
export const mapCost = 30;
const structCost = 40;

/** The plan of a whole expression, and how many slots a frame needs. */
export function planExpression(tree: Expr, optimize: boolean): { run: Run; slots: number } {
  const plans = new Map<Expr, Plan>();
  const scopes: { name: string; slot: number }[] = [];
  let slots = 0;
  const planner: Planner = {
    optimize,
    plan(e) {
      const known = plans.get(e);
      if (known) return known;
      const made = planNode(e, planner);
      plans.set(e, made);
      return made;
    },
    slot: (name) => scopes.findLast((s) => s.name === name)?.slot,
    scope(names, body) {
      const own = names.map((name) => ({ name, slot: slots++ }));
      scopes.push(...own);
      const result = body(own.map((s) => s.slot));
      scopes.splice(scopes.length - own.length);
      return result;
    },
  };
  const { run } = planner.plan(tree);
  return { run, slots };
}

function planNode(e: Expr, p: Planner): Plan {
  switch (e.kind) {
    case 'const':
      return constant(e.value);
    case 'ident':
      return planIdent(e, p);
    case 'select':
      return planSelect(e, p);
    case 'list':
      return planList(e, p);
    case 'map':
      return planMap(e, p);
    case 'struct':
      return planStruct(e, p);
    case 'call':
      return planCall(e, p);
    case 'fold':
      return planFold(e, p);
  }
}

function planIdent(e: Ident, p: Planner): Plan {
  const slot = p.slot(e.name);
  if (slot !== undefined) return attribute(e.name === accumulator ? readAccumulator(slot) : (f) => f.locals[slot]);
  if (e.names) return constant(new TypeValue(nameOfType(e.names)));
  return planVariable(e.name.replace(/^\./, ''), e.type!);
}
/** A fold keeps a failure in its accumulator until it is read. */
const readAccumulator =
  (slot: number): Run =>
  (f) => {
    const value = f.locals[slot];
    if (value instanceof EvalFailure) throw value;
    return value;
  };

function planVariable(name: string, type: CelType): Plan {
  if (valueType(type) !== type) return planOptionalVariable(name, valueType(type));
  const adapt = adapterOf(type);
  return attribute((f) => {
    const value = Object.hasOwn(f.bindings, name) ? f.bindings[name] : undefined;
    if (value === undefined) return fail(`no such attribute(s): ${name}`);
    return adapt ? adapt(value) : value;
  });
}

/** A variable that is declared optional may be left unbound. */
function planOptionalVariable(name: string, type: CelType): Plan {
  const adapt = adapterOf(type);
  return attribute((f) => {
    const value = Object.hasOwn(f.bindings, name) ? f.bindings[name] : undefined;
    if (value === undefined || value instanceof Optional) return value ?? none;
    return new Optional(adapt ? adapt(value) : value);
  });
}

function planSelect(e: Select, p: Planner): Plan {
  if (e.names) return constant(new TypeValue(nameOfType(e.names)));
  if (e.reference !== undefined) return planVariable(e.reference.replace(/^\./, ''), e.type!);
  const operand = p.plan(e.operand);
  const type = e.operand.type!;
  if (e.testOnly) return other(planPresence(operand.bare, type, e.field));
  const adapt = adapterOf(valueType(e.type!));
  return attribute(planField(operand.bare, type, e.field, adapt));
}

/** What is inside, when selection goes through an optional. */
export const valueType = (type: CelType): CelType =>
  type.kind === 'opaque' && type.name === 'optional_type' ? type.params[0]! : type;

/** The name in the JSON object. */
export const propertyOf = (type: CelType, field: string): string => {
  const inner = valueType(type);
  return (inner.kind === 'object' ? inner.fields.get(field)?.property : undefined) ?? field;
};

function planField(operand: Run, type: CelType, field: string, adapt: Adapter): Run {
  const property = propertyOf(type, field);
  const isObject = valueType(type).kind === 'object';
  return (f) => {
    const container = operand(f);
    charge(1);
    if (container instanceof Optional) return readOptional(container, property, isObject, adapt);
    const value = readField(container, property, isObject);
    if (value === undefined) return fail(`no such key: ${field}`);
    return adapt ? adapt(value) : value;
  };
}
export function readOptional(container: Optional, property: string, isObject: boolean, adapt: Adapter): Optional {
  const value = container.value === undefined ? undefined : readField(container.value, property, isObject);
  return value === undefined ? none : new Optional(adapt ? adapt(value) : value);
}

function planPresence(operand: Run, type: CelType, field: string): Run {
  const property = propertyOf(type, field);
  const isObject = valueType(type).kind === 'object';
  return (f) => {
    const container = operand(f);
    charge(1);
    const inner = container instanceof Optional ? container.value : container;
    return inner !== undefined && hasField(inner, property, isObject);
  };
}

function planList(e: ListLiteral, p: Planner): Plan {
  const elems = e.elems.map((elem) => p.plan(elem));
  if (p.optimize && e.optional.size === 0 && elems.every((x) => x.kind === 'const'))
    return constant(elems.map((x) => x.value));
  const { optional } = e;
  return other((f) => {
    const list: unknown[] = [];
    for (let i = 0; i < elems.length; i++) {
      const value = elems[i]!.run(f);
      if (!optional.has(i)) list.push(value);
      else if (asOptional(value).value !== undefined) list.push((value as Optional).value);
    }
    charge(listCost);
    return list;
  });
}
const asOptional = (value: unknown): Optional => (value instanceof Optional ? value : fail('no such overload'));

function planMap(e: MapLiteral, p: Planner): Plan {
  const entries = e.entries.map((x) => ({ key: p.plan(x.key), value: p.plan(x.value), optional: x.optional }));
  const build: Run = (f) => {
    const map = new MapValue();
    for (const { key, value, optional } of entries) {
      const k = key.run(f);
      const v = value.run(f);
      const inner = optional ? asOptional(v).value : v;
      if (inner === undefined) continue;
      if (!isKey(k)) fail('unsupported key type');
      if (map.entries.has(keyOf(k))) fail(`Failed with repeated key: ${keyOf(k)}`);
      map.entries.set(keyOf(k), [k, inner]);
    }
    return map;
  };
  const allConstant = entries.every((x) => !x.optional && x.key.kind === 'const' && x.value.kind === 'const');
  const repeats = new Set(entries.map((x) => keyOf(x.key.value))).size < entries.length;
  if (p.optimize && allConstant && !repeats && entries.every((x) => isKey(x.key.value)))
    return constant(build({ bindings: {}, locals: [] }));
  return other((f) => {
    const map = build(f);
    charge(mapCost);
    return map;
  });
}
const isKey = (k: unknown): boolean => ['string', 'number', 'bigint', 'boolean'].includes(typeof keyOf(k));

function planStruct(e: StructLiteral, p: Planner): Plan {
  const fields = e.fields.map((x) => ({ ...x, property: propertyOf(e.type!, x.name), plan: p.plan(x.value) }));
  return other((f) => {
    const object: Record<string, unknown> = Object.create(null);
    for (const { property, optional, plan } of fields) {
      const value = plan.run(f);
      const inner = optional ? asOptional(value).value : value;
      if (inner !== undefined) object[property] = inner;
    }
    charge(structCost);
    return object;
  });
}
