// The parts of an expression, in order. Next: check/literals.ts.
import type { Expr } from './ast.ts';

export function children(e: Expr): Expr[] {
  switch (e.kind) {
    case 'const':
    case 'ident':
      return [];
    case 'select':
      return [e.operand];
    case 'call':
      return e.target ? [e.target, ...e.args] : e.args;
    case 'list':
      return e.elems;
    case 'map':
      return e.entries.flatMap((x) => [x.key, x.value]);
    case 'struct':
      return e.fields.map((x) => x.value);
    case 'fold':
      return [e.range, e.init, e.condition, e.step, e.result];
  }
}
