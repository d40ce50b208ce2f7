// The estimated price of one call of one overload, and the size of what it yields.
// Reads: the sizes of target and arguments. Writes: Ranges. Mirrors: apiserver/pkg/cel/library/cost.go (EstimateCallCost),
// cel-go's checker/cost.go (functionCost), ext/lists.go, ext/sets.go. Next: estimate.ts adds the arguments' own cost.
import type { Expr } from '../syntax/ast.ts';
import type { CelType } from '../types.ts';
import { nominalFunctions, patternFactor, traversal } from './callCost.ts';
import { add, least, maxUint64, multiply, one, type Range, range, scale, unknown } from './range.ts';
import type { Sizes } from './sizes.ts';

export interface Node {
  e: Expr;
  path: readonly string[];
  type: CelType;
  size?: Range | undefined;
}
interface Estimate {
  cost: Range;
  size?: Range | undefined;
}
interface Context {
  id: string;
  target: Node | undefined;
  args: Node[];
  sizes: Sizes;
}
type Rule = (c: Context) => Estimate | undefined;

const sizeOf = (n: Node): Range => n.size ?? unknown;
/** Kubernetes' estimator asks the declared types once more. */
const declared = (n: Node, sizes: Sizes): Range => n.size ?? sizes.declared(n.path) ?? unknown;
const walk = (size: Range) => scale(size, traversal);
const pattern = (text: Range, expression: Range): Range =>
  multiply(scale(add(text, one), traversal), scale(expression, patternFactor));

const targetWalk: Rule = ({ target, sizes }) => {
  if (!target) return undefined;
  const size = declared(target, sizes);
  return { cost: walk(size), size };
};
/** What parses its argument. */
const parse: Rule = ({ args, sizes }) => ({ cost: walk(declared(args[0]!, sizes)) });

const elements: Rule = ({ target, sizes }) => {
  if (!target) return undefined;
  const size = declared(target, sizes);
  const elem = target.type.kind === 'list' ? target.type.elem : undefined;
  if (!elem) return { cost: walk(size) };
  const texts = elem.kind === 'string' || elem.kind === 'bytes';
  const path = target.path.length > 0 ? [...target.path, '@items'] : [];
  const each = texts ? add(one, walk(sizes.declared(path) ?? unknown)) : one;
  return { cost: multiply(size, each) };
};

const replace: Rule = ({ target, args, sizes }) => {
  if (!target || args.length < 2) return undefined;
  const [size, from, to] = [declared(target, sizes), declared(args[0]!, sizes), declared(args[1]!, sizes)];
  const divide = (a: bigint, b: bigint) => BigInt(Math.ceil(Number(a) / Number(b)));
  const plusOne = (n: bigint) => (n < maxUint64 ? n + 1n : n);
  // The longest result replaces the shortest text by the longest, the shortest the other way round.
  const count = { min: 0n, max: 0n };
  const kept = { min: 0n, max: 0n };
  if (from.min === 0n) [count.max, kept.max] = [plusOne(size.max), size.max];
  else if (to.max <= from.min) kept.max = size.max;
  else count.max = divide(size.max, from.min);
  if (from.max === 0n) [count.min, kept.min] = [plusOne(size.min), size.min];
  else if (from.max <= to.min) kept.min = size.min;
  else count.min = divide(size.min, from.max);
  return { cost: scale(size, 2 * traversal), size: add(multiply(count, to), kept) };
};

const split: Rule = ({ target, args, sizes }) => {
  if (!target) return undefined;
  const size = declared(target, sizes);
  const limit = args[1]?.e;
  const max = limit?.kind === 'const' ? BigInt.asUintN(64, BigInt(limit.value as number)) : size.max;
  return { cost: scale(size, 2 * traversal), size: { min: 0n, max } };
};

const join: Rule = ({ target, args, sizes }) => {
  if (!target) return undefined;
  const list = declared(target, sizes);
  const path = target.path.length > 0 ? [...target.path, '@items'] : [];
  let size = multiply(list, sizes.declared(path) ?? unknown);
  if (args[0]) {
    const less = (n: bigint) => (n > 0n ? n - 1n : 0n);
    size = add(size, multiply(declared(args[0], sizes), { min: less(list.min), max: less(list.max) }));
  }
  return { cost: walk(size), size };
};

const find: Rule = ({ target, args, sizes }) => {
  if (!target || !args[0]) return undefined;
  const size = declared(target, sizes);
  return { cost: pattern(size, declared(args[0], sizes)), size: { min: 0n, max: size.max } };
};

const addresses = range(4, 16);
const containsAddress =
  (extra: Range): Rule =>
  ({ id, target, args, sizes }) => {
    if (!target || !args[0]) return undefined;
    const parsing = id.endsWith('_string') ? walk(declared(args[0], sizes)) : range(0);
    return { cost: add(walk(add(addresses, addresses)), extra, parsing) };
  };

const selector: Rule = ({ args, sizes }) => {
  const length = declared(args[0]!, sizes);
  return { cost: add(range(10), walk(length), scale(scale(length, 0.5), 50)) };
};

const nominal: Rule = () => ({ cost: one });

const maxFormatSize = 64;
const maxFormatRegexSize = 128;
const equality: Rule = ({ args: [a, b] }) => {
  if (a!.type.kind !== 'opaque' || b!.type.kind !== 'opaque' || a!.type.name !== b!.type.name) return undefined;
  const { name } = a!.type;
  if (name === 'kubernetes.NamedFormat') return { cost: scale(range(1, maxFormatSize), traversal) };
  if (name === 'kubernetes.URL') return { cost: scale(range(1, b!.size?.max ?? 1n), traversal) };
  return /^(net|kubernetes)\./.test(name) ? { cost: one } : undefined;
};

const byName: Record<string, Rule> = {
  check: () => ({ cost: range(350_000) }),
  fieldSelector: selector,
  labelSelector: selector,
  url: ({ args, sizes }) => ({ cost: walk(declared(args[0]!, sizes)), size: declared(args[0]!, sizes) }),
  replace,
  split,
  join,
  find,
  findAll: find,
  ip: (c) => (c.args.length === 0 ? { cost: one } : parse(c)),
  'ip.isCanonical': ({ args, sizes }) => ({ cost: scale(declared(args[0]!, sizes), 2 * traversal) }),
  containsIP: containsAddress(range(0)),
  containsCIDR: containsAddress(add(walk(addresses), one)),
  validate: ({ args, sizes }) => ({
    cost: scale(walk(declared(args[0]!, sizes)), maxFormatRegexSize * patternFactor),
  }),
  '_==_': equality,
};
byName['jsonpatch.escapeKey'] = byName['url']!;
for (const fn of ['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf']) byName[fn] = elements;
for (const fn of ['lowerAscii', 'upperAscii', 'substring', 'trim']) byName[fn] = targetWalk;
for (const fn of ['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver']) byName[fn] = parse;
for (const fn of nominalFunctions) byName[fn] = nominal;

/** A call and the list that it makes. */
const listCall = (factor: number, size: Range): Estimate => ({ cost: add(scale(size, factor), range(11)), size });
const constant = (n: Node | undefined, otherwise: bigint): bigint =>
  n?.e.kind === 'const' && typeof n.e.value === 'number' && n.e.value >= 0 ? BigInt(n.e.value) : otherwise;
const square = (n: Node, sizes: Sizes) => multiply(declared(n, sizes), declared(n, sizes));
const sets =
  (factor: number): Rule =>
  ({ args: [a, b], sizes }) => ({ cost: add(scale(multiply(declared(a!, sizes), declared(b!, sizes)), factor), one) });
const flatten: Rule = ({ target, args, sizes }) =>
  listCall(args[0] ? Number(constant(args[0], maxUint64)) : 1, declared(target!, sizes));
const compare: Rule = ({ args: [a, b] }) => {
  const smaller = least(sizeOf(a!).max, sizeOf(b!).max);
  return { cost: scale({ min: smaller > 0n ? 1n : 0n, max: smaller }, traversal) };
};
const joined: Rule = ({ args: [a, b] }) => {
  const size = add(sizeOf(a!), sizeOf(b!));
  return { cost: walk(size), size };
};
const argumentWalk =
  (resize: (size: Range) => Range): Rule =>
  ({ args: [a] }) =>
    a && { cost: walk(sizeOf(a)), size: resize(sizeOf(a)) };

const byOverload: Record<string, Rule> = {
  list_slice: ({ target, args, sizes }) => {
    const size = constant(args[1], declared(target!, sizes).max) - constant(args[0], 0n);
    return listCall(1, range(BigInt.asUintN(64, size)));
  },
  lists_range: ({ args }) => listCall(1, range(constant(args[0], maxUint64))),
  list_reverse: ({ target, sizes }) => listCall(1, declared(target!, sizes)),
  list_flatten: flatten,
  list_flatten_int: flatten,
  list_distinct: ({ target, sizes }) => listCall(2, square(target!, sizes)),
  sets_contains_list_list: sets(1),
  sets_intersects_list_list: sets(1),
  sets_equivalent_list_list: sets(2),
  string_format: ({ target }) => target && { cost: walk(sizeOf(target)), size: unknown },
  strings_quote: argumentWalk((s) => add(multiply(s, range(1, 2)), range(2))),
  string_to_bytes: argumentWalk((s) => multiply(s, range(1, 4))),
  bytes_to_string: argumentWalk((s) => ({ min: s.min / 4n, max: s.max })),
  starts_with_string: ({ args: [a] }) => ({ cost: walk(sizeOf(a!)) }),
  ends_with_string: ({ args: [a] }) => ({ cost: walk(sizeOf(a!)) }),
  in_list: ({ args }) => ({ cost: sizeOf(args[1]!) }),
  matches_string: ({ target, args }) => ({ cost: pattern(sizeOf(target!), sizeOf(args[0]!)) }),
  contains_string: ({ target, args }) => ({ cost: multiply(walk(sizeOf(target!)), walk(sizeOf(args[0]!))) }),
  add_string: joined,
  add_bytes: joined,
  add_list: ({ args: [a, b] }) => ({ cost: one, size: add(sizeOf(a!), sizeOf(b!)) }),
  equals: compare,
  not_equals: compare,
};
for (const word of ['less', 'less_equals', 'greater', 'greater_equals'])
  for (const type of ['string', 'bytes']) byOverload[`${word}_${type}`] = compare;

const sort = /^list_([\w.]+)_sort(ByAssociatedKeys)?$/;

/** Prices that extension libraries bring come first, then Kubernetes' by name, then cel-go's by overload. */
export function estimateOverload(
  fn: string,
  id: string,
  target: Node | undefined,
  args: Node[],
  sizes: Sizes,
): Estimate {
  const context = { id, target, args, sizes };
  const sorting = sort.exec(id);
  if (sorting) {
    const factor = sorting[1] === 'string' || sorting[1] === 'bytes' ? 2.1 : 2;
    return listCall(factor, square(sorting[2] ? args[0]! : target!, sizes));
  }
  const own = /^(lists?|sets)_/.test(id) && Object.hasOwn(byOverload, id) ? byOverload[id]!(context) : undefined;
  const named = Object.hasOwn(byName, fn) ? byName[fn]! : undefined;
  const general = Object.hasOwn(byOverload, id) ? byOverload[id]! : undefined;
  return own ?? named?.(context) ?? general?.(context) ?? { cost: one };
}
