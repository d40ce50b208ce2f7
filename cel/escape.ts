// Property names as CEL can say them: `my-field` is `my__dash__field`, `namespace` is `__namespace__`.
// Reads and writes: names. Mirrors: apiserver/pkg/cel/escaping.go. Next: schemaType.ts names fields with it.

/** Only these may not be fields in an expression; names of types may. */
const symbols = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const escapes: Record<string, string> = { '.': '__dot__', '-': '__dash__', '/': '__slash__', __: '__underscores__' };

/** Undefined where the name cannot be said at all: it starts with a digit, or has other characters. */
export function escapeName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (symbols.has(name)) return `__${name}__`;
  return name.replace(/__|[.\-/]/g, (part) => escapes[part]!);
}
