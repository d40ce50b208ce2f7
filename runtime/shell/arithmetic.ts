// `$((…))`: whole numbers, names, and the operators of a shell. Pure. Used by: expand.ts.

/** From the loosest binding to the tightest. */
const levels: Record<string, (a: number, b: number) => number>[] = [
  { '||': (a, b) => Number(a !== 0 || b !== 0) },
  { '&&': (a, b) => Number(a !== 0 && b !== 0) },
  { '==': (a, b) => Number(a === b), '!=': (a, b) => Number(a !== b) },
  {
    '<=': (a, b) => Number(a <= b),
    '>=': (a, b) => Number(a >= b),
    '<': (a, b) => Number(a < b),
    '>': (a, b) => Number(a > b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => Math.trunc(a / b), '%': (a, b) => a % b },
];

/** The value as text; '' for what is no expression, as for a division by zero. */
export function arithmetic(text: string, variable: (name: string) => string): string {
  const left = text.match(/\d+|\$?[A-Za-z_]\w*|\|\||&&|[=!<>]=|[-+*/%<>()!]|\S/g) ?? [];
  const value = level(0);
  return left.length === 0 && Number.isFinite(value) ? String(value) : '';

  function level(depth: number): number {
    const operators = levels[depth];
    if (!operators) return single();
    let value = level(depth + 1);
    for (let apply = operators[left[0] ?? '']; apply; apply = operators[left[0] ?? '']) {
      left.shift();
      value = apply(value, level(depth + 1));
    }
    return value;
  }

  function single(): number {
    const token = left.shift() ?? '';
    if (token === '-') return -single();
    if (token === '!') return Number(single() === 0);
    if (/^\d/.test(token)) return Number(token);
    if (/^\$?[A-Za-z_]/.test(token)) return Number(variable(token.replace('$', ''))) || 0;
    const inner = token === '(' ? level(0) : Number.NaN;
    return left.shift() === ')' ? inner : Number.NaN;
  }
}
