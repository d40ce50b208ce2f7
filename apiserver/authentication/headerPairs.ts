// The headers of a request one by one: Node joins repeated ones by comma, and a value of them may itself hold one. Job: lower-case names,
// values as the UTF-8 that Go reads there (Node reads Latin-1), and keys that are part of a name. Mirrors: Go's net/http Header.
// Next: requestHeader.ts (front proxies) and filters/impersonate.ts.

/** Reads `rawHeaders`: names and values in turn. */
export function* headerPairs(raw: readonly string[]): Generator<[name: string, value: string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i]!.toLowerCase(), utf8(raw[i + 1]!)];
}

const utf8 = (value: string) => (/[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString() : value);

/** Values by what stands behind the prefix in the name; keys come percent-encoded, and one that is not stands as it is. */
export function extraOf(raw: readonly string[], prefixes: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = Object.create(null);
  for (const [name, value] of headerPairs(raw)) {
    const prefix = prefixes.find((p) => name.startsWith(p.toLowerCase()));
    if (prefix === undefined) continue;
    const key = unescaped(name.slice(prefix.length));
    extra[key] = [...(extra[key] ?? []), value];
  }
  return { ...extra };
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
