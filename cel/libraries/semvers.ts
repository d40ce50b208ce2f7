// semver('1.2.3'), and with `true` also 'v1.2'. Mirrors: apiserver/pkg/cel/library/semverlib.go, blang/semver.
// Next: environments/device.ts has attributes of this type.
import { fail } from '../eval/meter.ts';
import { type Int, normalInt, Opaque } from '../values.ts';
import { type Overload, overload } from './declare.ts';

export interface Semver {
  numbers: [bigint, bigint, bigint];
  pre: string[];
}

const numeric = /^(?:0|[1-9]\d*)$/;
const identifiers = (text: string | undefined) => (text === undefined ? [] : text.split('.'));

/** The version, or why the text is none. */
export function parseSemver(text: string): Semver | string {
  if (text === '') return 'Version string empty';
  const m = /^([^.]*)\.([^.]*)\.([^.+-]*)(?:-([^+]*))?(?:\+(.*))?$/.exec(text);
  if (!m) return 'No Major.Minor.Patch elements found';
  const names = ['major', 'minor', 'patch'];
  for (const [i, part] of m.slice(1, 4).entries()) {
    const name = names[i]!;
    if (!/^\d+$/.test(part)) return `Invalid character(s) found in ${name} number "${part}"`;
    if (!numeric.test(part))
      return `${name[0]!.toUpperCase()}${name.slice(1)} number must not contain leading zeroes "${part}"`;
  }
  const pre = identifiers(m[4]);
  for (const id of [...pre, ...identifiers(m[5])])
    if (!/^[0-9A-Za-z-]+$/.test(id))
      return id === '' ? 'Prerelease is empty' : `Invalid character(s) found in prerelease "${id}"`;
  const leading = pre.find((id) => /^0\d+$/.test(id));
  if (leading) return `Numeric PreRelease version must not contain leading zeroes "${leading}"`;
  return { numbers: [BigInt(m[1]!), BigInt(m[2]!), BigInt(m[3]!)], pre };
}

/** A `v` before it goes, missing parts are 0, zeros before numbers go. */
function parseLoosely(text: string): Semver | string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.');
  const parts = [major, ...(minor === undefined ? [] : [minor]), ...(rest.length > 0 ? [rest.join('.')] : [])];
  const trimmed = parts.map((p) => (p.length > 1 ? p.replace(/^0+(?=\d)/, '') : p));
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1)!))
    return 'short version cannot contain PreRelease/Build meta data';
  while (trimmed.length < 3) trimmed.push('0');
  return parseSemver(trimmed.join('.'));
}

function compareIdentifiers(a: string, b: string): number {
  const [x, y] = [numeric.test(a), numeric.test(b)];
  if (x && y) return Math.sign(Number(BigInt(a) - BigInt(b)));
  if (x !== y) return x ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
export function compareSemvers(a: Semver, b: Semver): number {
  for (const [i, n] of a.numbers.entries()) if (n !== b.numbers[i]) return n < b.numbers[i]! ? -1 : 1;
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length);
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = compareIdentifiers(a.pre[i]!, b.pre[i]!);
    if (order !== 0) return order;
  }
  return Math.sign(a.pre.length - b.pre.length);
}

/** Throws EvalFailure where the text is no version. */
export function semverValue(text: string, loosely = false): Opaque {
  const parsed = loosely ? parseLoosely(text) : parseSemver(text);
  if (typeof parsed === 'string') return fail(parsed);
  return new Opaque('kubernetes.Semver', parsed, (other) => compareSemvers(parsed, other) === 0);
}
const is = (text: string, loosely = false) => typeof (loosely ? parseLoosely(text) : parseSemver(text)) !== 'string';
const compare = (a: Opaque, b: Opaque) => compareSemvers(a.value as Semver, b.value as Semver);
const part = (fn: string, i: 0 | 1 | 2) =>
  overload(fn, `semver_${fn}`, 'semver.() -> int', (v): Int => normalInt((v.value as Semver).numbers[i]));

export const semverLibrary: Overload[] = [
  overload('semver', 'string_to_semver', '(string) -> semver', (s) => semverValue(s)),
  overload('semver', 'string_bool_to_semver', '(string, bool) -> semver', semverValue),
  overload('isSemver', 'is_semver_string', '(string) -> bool', (s) => is(s)),
  overload('isSemver', 'is_semver_string_bool', '(string, bool) -> bool', is),
  overload('isGreaterThan', 'semver_is_greater_than', 'semver.(semver) -> bool', (a, b) => compare(a, b) > 0),
  overload('isLessThan', 'semver_is_less_than', 'semver.(semver) -> bool', (a, b) => compare(a, b) < 0),
  overload('compareTo', 'semver_compare_to', 'semver.(semver) -> int', compare),
  part('major', 0),
  part('minor', 1),
  part('patch', 2),
];
