// How large the values of an expression may be: from literals, from what calls yield, from the sizes that the variables declare.
// A path leads from a variable into its type: field names, @items, @keys, @values.
// Reads: annotated nodes, types. Writes: Ranges per node. Mirrors: cel-go's checker/cost.go, apiextensions' sizeEstimator.
// Next: estimate.ts keeps it up while it walks the tree.
import { stringSize } from '../eval/size.ts';
import type { Expr, Fold } from '../syntax/ast.ts';
import type { CelType } from '../types.ts';
import { type Range, range, unknown } from './range.ts';

/** Sizes of the keys and values in a container. */
export interface Entry {
  kind: 'list' | 'map';
  key: Range;
  value: Range;
}
export interface Local {
  path: readonly string[];
  size?: Range | undefined;
  entry?: Entry | undefined;
}

export class Sizes {
  private readonly paths = new Map<Expr, readonly string[]>();
  private readonly sizes = new Map<Expr, Range>();
  private readonly entries = new Map<Expr, Entry>();
  private readonly locals = new Map<string, Local[]>();
  private readonly variables: Readonly<Record<string, CelType>>;
  constructor(variables: Readonly<Record<string, CelType>>) {
    this.variables = variables;
  }

  push(name: string, local: Local): void {
    this.locals.set(name, [...(this.locals.get(name) ?? []), local]);
  }
  pop(name: string): void {
    this.locals.get(name)?.pop();
  }
  local = (name: string): Local | undefined => this.locals.get(name)?.at(-1);

  setPath = (e: Expr, path: readonly string[]) => void this.paths.set(e, path);
  path(e: Expr): readonly string[] {
    const local = e.kind === 'ident' ? this.local(e.name) : undefined;
    return local?.path ?? this.paths.get(e) ?? [];
  }

  setSize(e: Expr, size: Range | undefined): void {
    if (size) this.sizes.set(e, size);
  }
  setEntry(e: Expr, entry: Entry | undefined): void {
    if (entry) this.entries.set(e, entry);
  }
  copy(to: Expr, from: Expr): void {
    this.setSize(to, this.of(from));
    this.setEntry(to, this.entry(from));
  }

  of(e: Expr): Range | undefined {
    const known = this.sizes.get(e) ?? literalSize(e);
    if (known) return known;
    const declared = this.declared(this.path(e));
    if (declared) {
      this.sizes.set(e, declared);
      return declared;
    }
    if (isScalar(e.type!)) return range(1);
    return e.kind === 'ident' ? this.local(e.name)?.size : undefined;
  }
  orUnknown = (e: Expr): Range => this.of(e) ?? unknown;
  entry = (e: Expr): Entry | undefined =>
    this.entries.get(e) ?? (e.kind === 'ident' ? this.local(e.name)?.entry : undefined);

  /** What the type at the end of the path declares. Types that declare no size count as empty, as upstream's do. */
  declared(path: readonly string[]): Range | undefined {
    if (path.length === 0) return undefined;
    // Elements of a computed list have a path without a variable; upstream's estimator takes these for the root itself.
    let type: CelType | undefined = Object.hasOwn(this.variables, path[0]!)
      ? this.variables[path[0]!]
      : this.variables['self'];
    for (const name of path.slice(1)) type = type && step(type, name);
    return type && range(0, type.kind === 'object' ? 0 : (maxSizeOf(type) ?? 0));
  }

  /** The variables of a fold. */
  iterated(e: Fold): [string, Local][] {
    const entry = this.entry(e.range);
    const isList = (entry?.kind ?? e.range.type!.kind) === 'list';
    const at = (step: string, size: Range | undefined): Local => ({ path: [...this.path(e.range), step], size });
    const value = at(isList ? '@items' : '@values', entry?.value);
    const key = at(isList ? '@indices' : '@keys', entry?.key);
    if (e.iterVar2 === undefined) return [[e.iterVar, isList ? value : key]];
    return [
      [e.iterVar, key],
      [e.iterVar2, value],
    ];
  }
}

const maxSizeOf = (type: CelType): number | undefined => ('maxSize' in type ? type.maxSize : undefined);

function step(type: CelType, name: string): CelType | undefined {
  if (name === '@items' || name === '@values')
    return type.kind === 'list' ? type.elem : type.kind === 'map' ? type.value : undefined;
  if (name === '@keys') return type.kind === 'map' ? type.key : undefined;
  if (type.kind === 'map') return type.namedEntries ? type.value : undefined;
  return type.kind === 'object' ? type.fields.get(name)?.type : undefined;
}

function literalSize(e: Expr): Range | undefined {
  if (e.kind === 'list') return range(e.elems.length);
  if (e.kind === 'map') return range(e.entries.length);
  if (e.kind !== 'const') return undefined;
  if (typeof e.value === 'string') return range(stringSize(e.value));
  return range(e.value instanceof Uint8Array ? e.value.length : 1);
}

function isScalar(type: CelType): boolean {
  if (type.kind === 'opaque') return type.name === 'optional_type' && isScalar(type.params[0]!);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}
