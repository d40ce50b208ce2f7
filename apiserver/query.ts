// Query parameters as upstream's conversion from url.Values reads them. Pure.
// Mirrors: staging/src/k8s.io/apimachinery/pkg/runtime/conversion.go. Used by handlers/ and requestInfo.ts.
import { badRequest } from '../apimachinery/status.ts';

/** Absent: undefined. `false` and `0` are false; anything else, the empty text too, is true. */
export function queryBool(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : !/^(false|0)$/i.test(text);
}

/** Absent or empty: undefined. Throws 400 with Go's words for what is no 64-bit integer. */
export function queryInt(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  const failure = parseFailure(text, 'ParseInt', /^[+-]?\d+$/, -(2n ** 63n), 2n ** 63n - 1n);
  if (failure) throw badRequest(failure);
  return Number(text);
}

/** Why Go's strconv refuses the text; undefined when it takes it. */
export function parseFailure(
  text: string,
  func: string,
  shape: RegExp,
  least: bigint,
  most: bigint,
): string | undefined {
  const failed = (why: string) => `strconv.${func}: parsing ${JSON.stringify(text)}: ${why}`;
  if (!shape.test(text)) return failed('invalid syntax');
  const value = BigInt(text.replace(/^\+/, ''));
  return value < least || value > most ? failed('value out of range') : undefined;
}
