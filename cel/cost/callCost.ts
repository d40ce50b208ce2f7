// What one call costs at run time. Kubernetes' own prices go by the function's name, cel-go's by the overload's.
// Reads: names, then the arguments' sizes. Writes: a number, or how to compute it. Mirrors: cel-go's interpreter/runtimecost.go,
// apiserver/pkg/cel/library/cost.go (CallCost), ext/lists.go and ext/sets.go. Next: eval/planCall.ts charges it.
import { mapEntries } from '../eval/maps.ts';
import { work } from '../eval/meter.ts';
import { sizeOf } from '../eval/size.ts';
import { isMap, Opaque } from '../values.ts';

/** `byResult`: known only after the call. */
export interface CallCost {
  of: (args: readonly unknown[], result: unknown) => number;
  byResult?: boolean;
}

export const traversal = 0.1;
export const patternFactor = 0.25;
const ceil = (size: number, factor: number) => Math.ceil(size * factor);

const bySize = (factor: number): CallCost => ({ of: ([a]) => ceil(sizeOf(a), factor) });
const smaller: CallCost = { of: ([a, b]) => ceil(Math.min(sizeOf(a), sizeOf(b)), traversal) };
const sum: CallCost = { of: ([a, b]) => ceil(sizeOf(a) + sizeOf(b), traversal) };
const pattern: CallCost = { of: ([s, r]) => ceil(1 + sizeOf(s), traversal) * ceil(sizeOf(r), patternFactor) };
const product: CallCost = { of: ([s, t]) => ceil(sizeOf(s), traversal) * ceil(sizeOf(t), traversal) };

/** An address range compared with an address or a range: `extra` is what parsing the other one adds. */
const range = (base: (size: number) => number, parses: boolean): CallCost => ({
  of: ([a, b]) => base(sizeOf(a)) + (parses ? ceil(sizeOf(b), traversal) : 0),
});
const containsIP = (size: number) => ceil(size + size, traversal);
const containsCIDR = (size: number) => ceil(size + size, traversal) + ceil(size, traversal) + 1;

/** The whole of a value, as a tree. */
function traversalCost(v: unknown): number {
  work(1);
  if (typeof v === 'string') return Math.floor(Buffer.byteLength(v) * traversal);
  if (v instanceof Uint8Array) return Math.floor(v.length * traversal);
  if (Array.isArray(v)) return v.reduce((cost: number, item) => cost + traversalCost(item), 0);
  if (!isMap(v)) return 1;
  let cost = 0;
  for (const [key, value] of mapEntries(v)) cost += traversalCost(key) + traversalCost(value);
  return cost;
}

/** A selector: a list, its parse, and a requirement for every two characters. */
export const selectorCost = (length: number): number => 10 + ceil(length, traversal) + ceil(ceil(length, 0.5), 50);

const byName: Record<string, number | CallCost> = {
  check: 350_000,
  fieldSelector: { of: ([, s]) => selectorCost(sizeOf(s)) },
  labelSelector: { of: ([, s]) => selectorCost(sizeOf(s)) },
  join: { of: (_, result) => ceil(sizeOf(result), 2 * traversal), byResult: true },
  find: pattern,
  findAll: pattern,
  'ip.isCanonical': bySize(2 * traversal),
  validate: { of: ([format, s]) => ceil(1 + sizeOf(s), traversal) * ceil(sizeOf(format), patternFactor) },
};
const nominal =
  'serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength family ' +
  'isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign asInteger isInteger ' +
  'asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname getHost getPort getEscapedPath getQuery';
export const nominalFunctions: ReadonlySet<string> = new Set(nominal.split(' '));
for (const fn of ['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'])
  byName[fn] = { of: ([a]) => traversalCost(a) };
for (const fn of [
  'url',
  'lowerAscii',
  'upperAscii',
  'substring',
  'trim',
  'jsonpatch.escapeKey',
  'cidr',
  'isIP',
  'isCIDR',
  'ip',
  'quantity',
  'isQuantity',
  'semver',
  'isSemver',
])
  byName[fn] = bySize(traversal);
for (const fn of ['replace', 'split']) byName[fn] = bySize(2 * traversal);

const ofList = (factor: number, size: number) => Math.floor(size * factor) + 11;
const output: CallCost = { of: (_, result) => ofList(1, sizeOf(result)), byResult: true };
const selfCompare = (which: 0 | 1): CallCost => ({
  of(args) {
    const list = (args[which] ?? []) as unknown[];
    const text = typeof list[0] === 'string' || list[0] instanceof Uint8Array;
    return ofList(text ? 2.1 : 2, list.length ** 2);
  },
});
const sets = (factor: number): CallCost => ({ of: ([a, b]) => 1 + Math.floor(sizeOf(a) * sizeOf(b) * factor) });

const byOverload: Record<string, number | CallCost> = {
  list_slice: output,
  list_flatten: { of: ([l]) => ofList(1, sizeOf(l)) },
  list_flatten_int: { of: ([l, depth]) => ofList(Number(depth), sizeOf(l)) },
  lists_range: output,
  list_reverse: output,
  list_distinct: selfCompare(0),
  sets_contains_list_list: sets(1),
  sets_intersects_list_list: sets(1),
  sets_equivalent_list_list: sets(2),
  cidr_ip: 1,
  cidr_contains_ip_ip: range(containsIP, false),
  cidr_contains_ip_string: range(containsIP, true),
  cidr_contains_cidr: range(containsCIDR, false),
  cidr_contains_cidr_string: range(containsCIDR, true),
  in_list: { of: ([, list]) => sizeOf(list) },
  add_string: sum,
  add_bytes: sum,
  matches: pattern,
  matches_string: pattern,
  contains_string: product,
  not_equals: smaller,
};
for (const id of [
  'starts_with_string',
  'ends_with_string',
  'string_to_bytes',
  'bytes_to_string',
  'strings_quote',
  'string_format',
])
  byOverload[id] = bySize(traversal);
for (const word of ['less', 'less_equals', 'greater', 'greater_equals'])
  for (const type of ['string', 'bytes']) byOverload[`${word}_${type}`] = smaller;

const priced = new Set([
  'list_slice',
  'list_flatten',
  'list_flatten_int',
  'lists_range',
  'list_reverse',
  'list_distinct',
]);

/** Values of Kubernetes' own types are compared at once. */
const equality: CallCost = { of: (args, r) => (args[0] instanceof Opaque ? 1 : smaller.of(args, r)) };

/** `id` is empty where several overloads are possible. */
export function callCost(fn: string, id: string): number | CallCost {
  if (/^list_[\w.]+_sort$/.test(id)) return selfCompare(0);
  if (/^list_[\w.]+_sortByAssociatedKeys$/.test(id)) return selfCompare(1);
  if (priced.has(id) || id.startsWith('cidr_') || id.startsWith('sets_')) return byOverload[id] ?? fixedOf(fn);
  if (fn === '_==_') return equality;
  if (fn === '_!=_') return smaller;
  if (nominalFunctions.has(fn)) return 1;
  return fixedOf(fn, id);
}
const fixedOf = (fn: string, id = ''): number | CallCost => {
  if (Object.hasOwn(byName, fn)) return byName[fn]!;
  return Object.hasOwn(byOverload, id) ? byOverload[id]! : 1;
};
