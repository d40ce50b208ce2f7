// What Go's converter from maps to typed objects says of a value that does not fit. Strategic merge patches go that way instead of
// through JSON, so their 422 has these words. Reads: the value and the Go type that decode.ts wanted there.
// Mirrors: fromUnstructured of apimachinery/pkg/runtime/converter.go. Next: handlers/patchChange.ts.

/** Types with a decoder of their own: they are asked in JSON. */
const ownDecoders: Record<string, string> = { 'intstr.IntOrString': 'int32', time: 'string' };

/** `goType` as decode.ts names it: `map[string]string`, `[]v1.Container`, `v1.PodSpec`, `int32`. */
export function restoreText(value: unknown, goType: string): string {
  const own = ownDecoders[goType];
  if (own) return `json: cannot unmarshal ${jsonKind(value)} into Go value of type ${own}`;
  const kind = goKind(value);
  if (goType.startsWith('map[')) return `cannot restore map from ${kind}`;
  if (goType.startsWith('[]')) return `cannot restore slice from ${kind}`;
  if (goType.startsWith('v1.')) return `cannot restore struct from: ${kind}`;
  return convertible(kind, goType) ? `cannot convert ${kind} to ${goType}` : `unrecognized type: ${goType}`;
}

/** Go converts whole numbers to strings and any number to any other; the rest has no rule. */
const convertible = (kind: string, goType: string) =>
  (kind === 'int64' && goType !== 'bool') || (kind === 'float64' && /^(int|float)/.test(goType));

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'object') return 'map';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return 'string';
}

function jsonKind(value: unknown): string {
  const kind = goKind(value);
  if (kind === 'slice') return 'array';
  if (kind === 'map') return 'object';
  return kind === 'int64' || kind === 'float64' ? 'number' : kind;
}
