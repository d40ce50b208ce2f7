// The tree of an expression. The checker writes `type`, `overloads` and `reference` onto its nodes; nothing else changes them.
// Mirrors: cel-go's common/ast. Next: parser.ts and macros.ts build it, check/ annotates it, cost/ and eval/ walk it.
import type { Overload } from '../libraries/declare.ts';
import type { CelType } from '../types.ts';

interface Base {
  /** Offset in the source that errors point at. */
  at: number;
  type?: CelType;
}
export interface Const extends Base {
  kind: 'const';
  value: unknown;
  type: CelType;
}
export interface Ident extends Base {
  kind: 'ident';
  name: string;
  /** The checker's: this names a type, whose value is itself. */
  names?: CelType;
}
export interface Select extends Base {
  kind: 'select';
  operand: Expr;
  field: string;
  /** `has(operand.field)`. */
  testOnly: boolean;
  /** The dotted variable that the whole select names. */
  reference?: string;
  names?: CelType;
}
export interface Call extends Base {
  kind: 'call';
  fn: string;
  target?: Expr;
  args: Expr[];
  overloads?: Overload[];
}
export interface ListLiteral extends Base {
  kind: 'list';
  elems: Expr[];
  /** Indices of elements written `?e`. */
  optional: Set<number>;
}
export interface MapLiteral extends Base {
  kind: 'map';
  entries: { at: number; key: Expr; value: Expr; optional: boolean }[];
}
export interface StructLiteral extends Base {
  kind: 'struct';
  name: string;
  fields: { at: number; name: string; value: Expr; optional: boolean }[];
}
/** What every comprehension macro becomes: for each of `range` while `condition`, `accu = step`; then `result`. */
export interface Fold extends Base {
  kind: 'fold';
  range: Expr;
  iterVar: string;
  iterVar2?: string;
  accuVar: string;
  init: Expr;
  condition: Expr;
  step: Expr;
  result: Expr;
}
export type Expr = Const | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Fold;

/** The hidden variable of the macros; no expression can name it. */
export const accumulator = '@result';

/** `a.b.c` as a name, when the expression is nothing but that. */
export function qualifiedName(e: Expr): string | undefined {
  if (e.kind === 'ident') return e.name;
  if (e.kind !== 'select' || e.testOnly) return undefined;
  const prefix = qualifiedName(e.operand);
  return prefix === undefined ? undefined : `${prefix}.${e.field}`;
}
