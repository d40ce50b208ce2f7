// `$(VAR)` in commands, arguments, environment values and subPathExpr.
// Reads and writes: strings. Mirrors: third_party/forked/golang/expansion/expand.go. Next: containerEnv.ts, containerConfig.ts.

/** `$$` is a dollar; a name that `lookup` does not know stays as it was written. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return lookup(name) ?? whole;
  });
}

/** The same, but a name that is not known is an error that says which. */
export function expandStrict(text: string, lookup: (name: string) => string | undefined): string {
  return expand(text, (name) => {
    const value = lookup(name);
    if (value === undefined) throw new Error(`missing value for "${name}"`);
    return value;
  });
}
