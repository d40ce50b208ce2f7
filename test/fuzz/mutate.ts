// Breaks what is right: objects, texts and bytes, a little or a lot.
// Used by the targets.
import type { Random } from './random.ts';

/** Values at which decoders and validation have edges. */
export const odd: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -0,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  '',
  ' ',
  'x',
  'A b',
  '-',
  '.',
  '..',
  '/',
  '%',
  '%00',
  '\u0000',
  '\ud800',
  '\u202e',
  'é',
  '0',
  '-1',
  '1e3',
  '1Gi',
  '1Zi',
  '10%',
  'NaN',
  '2024-01-01T00:00:00Z',
  '10.0.0.1',
  '::1',
  '::/0',
  '*',
  'a'.repeat(64),
  'a'.repeat(254),
  'ab.'.repeat(200),
  '__proto__',
  'constructor',
  'toString',
  '$(X)',
  '{{',
  'k8s.io/a',
  [],
  {},
  [null],
  [[]],
  [{}],
  [''],
  ['a', 'a'],
  { '': '' },
  { 'a b': 'c' },
  { constructor: 1 },
  { length: -1 },
  { toString: 1 },
  { $patch: 'delete' },
];

/** A text with edges, for keys and headers. */
export const oddText = (random: Random): string => {
  const value = random.pick(odd);
  return typeof value === 'string' ? value.slice(0, 80) : (JSON.stringify(value) ?? '');
};

/** One of the odd values, for its taker to change. */
export const oddValue = (random: Random): unknown => structuredClone(random.pick(odd));

/** JSON of its own, `depth` levels at most. */
export function anything(random: Random, depth: number): unknown {
  if (depth <= 0 || random.chance(0.4)) return oddValue(random);
  if (random.chance(0.4)) return Array.from({ length: random.below(4) }, () => anything(random, depth - 1));
  const out: Record<string, unknown> = {};
  for (let i = random.below(5); i > 0; i--) out[oddText(random)] = anything(random, depth - 1);
  return out;
}

/** Changes `count` places of `object`, in place. */
export function mutateObject(random: Random, object: any, count: number): any {
  for (let i = 0; i < count; i++) changeSomewhere(random, object);
  return object;
}

function changeSomewhere(random: Random, object: any): void {
  for (let at = object, depth = 0; depth < 16; depth++) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = random.pick(keys);
    const value = at[key];
    if (value && typeof value === 'object' && random.chance(0.85)) at = value;
    else {
      change(random, at, key);
      return;
    }
  }
}

function change(random: Random, at: any, key: any): void {
  const how = random.below(10);
  if (how < 5) at[key] = oddValue(random);
  else if (how < 7) delete at[key];
  // A list with an item at 2147483648 would be as long.
  else if (how < 8 && !Array.isArray(at)) at[oddText(random)] = at[key];
  else if (Array.isArray(at)) at.push(structuredClone(at[key]));
  else at[key] = anything(random, 3);
}

/** Flips, removes, repeats, cuts and inserts. */
export function mutateBytes(random: Random, bytes: Buffer, count: number): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (let i = 0; i < count; i++) out = oneByteChange(random, out);
  return out;
}

function oneByteChange(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return random.bytes(1 + random.below(8));
  const at = random.below(bytes.length);
  const length = 1 + random.below(Math.min(16, bytes.length - at));
  switch (random.below(6)) {
    case 0:
      bytes[at] = bytes[at]! ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
      return bytes;
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 4:
      return bytes.subarray(0, at);
    default:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at)]);
  }
}

/** The same for a text, whose characters stay characters. */
export function mutateText(random: Random, text: string, count: number): string {
  const pieces = [
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    ';',
    ':',
    '=',
    '!',
    '!=',
    '"',
    "'",
    '\\',
    '\n',
    '&',
    '*',
    ' ',
    '..',
    '\u0000',
    'é',
    '-',
    '9'.repeat(30),
  ];
  let out = text;
  for (let i = 0; i < count; i++) {
    const at = random.below(out.length + 1);
    const cut = random.chance(0.5) ? random.below(4) : 0;
    out = out.slice(0, at) + (random.chance(0.8) ? random.pick(pieces) : '') + out.slice(at + cut);
  }
  return out;
}
