// kubectl's JSONPath, as far as a path finds values: `.spec.items[?(@.type=="Ready")].status`, `[*]`, `['a.b']`, slices, `..name`.
// Mirrors: client-go/util/jsonpath (parser.go, jsonpath.go) with missing keys allowed. Pure.
// Used by: columns.ts for printer columns, validation/columnRules.ts to see whether a path can be read.

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'wildcard' }
  | { kind: 'recursive' }
  | { kind: 'slice'; from?: number; to?: number; step: number; one: boolean }
  | { kind: 'filter'; left: Operand; operator: string; right?: Operand }
  | { kind: 'union'; names: string[] };
type Operand = { literal: unknown } | { path: Step[] };

/** The values that a path finds in an object, in order. */
export type JsonPath = (object: unknown) => unknown[];

/** Throws an Error when the path cannot be read. */
export function compileJsonPath(path: string): JsonPath {
  const steps = parse(path);
  return (object) => run(steps, [object], object);
}

class Reader {
  readonly text: string;
  at = 0;
  constructor(text: string) {
    this.text = text;
  }
  get done(): boolean {
    return this.at >= this.text.length;
  }
  peek(): string {
    return this.text[this.at] ?? '';
  }
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return undefined;
    this.at += found[0].length;
    return found[0];
  }
}

const nameEnd = /[^.[\]{}()\s|,"'@$=!<>&?*]+/y;

function parse(path: string): Step[] {
  const r = new Reader(path.trim().replace(/^\{(.*)\}$/s, '$1'));
  if (r.peek() === '$' || r.peek() === '@') r.at++;
  const steps = parseSteps(r);
  if (!r.done) throw new Error(`unexpected character ${JSON.stringify(r.peek())} at ${r.at}`);
  return steps;
}

function parseSteps(r: Reader): Step[] {
  const steps: Step[] = [];
  while (!r.done) {
    if (r.text.startsWith('..', r.at)) {
      r.at += 2;
      steps.push({ kind: 'recursive' });
      if (r.peek() !== '[') steps.push(nameStep(r));
    } else if (r.peek() === '.') {
      r.at++;
      if (r.peek() === '[' || r.done) continue;
      steps.push(nameStep(r));
    } else if (r.peek() === '[') steps.push(bracketStep(r));
    else break;
  }
  return steps;
}

function nameStep(r: Reader): Step {
  if (r.peek() === '*') {
    r.at++;
    return { kind: 'wildcard' };
  }
  let name = '';
  for (;;) {
    const part = r.take(nameEnd);
    if (part === undefined) break;
    // An escaped dot belongs to the name: `.metadata.annotations.example\.com/x`.
    if (part.endsWith('\\') && r.peek() === '.') {
      name += `${part.slice(0, -1)}.`;
      r.at++;
      continue;
    }
    name += part;
    break;
  }
  if (!name) throw new Error(`a name is missing at ${r.at}`);
  return { kind: 'field', name };
}

function bracketStep(r: Reader): Step {
  const close = closing(r);
  const inner = r.text.slice(r.at + 1, close).trim();
  r.at = close + 1;
  if (inner === '*') return { kind: 'wildcard' };
  if (inner.startsWith('?(') && inner.endsWith(')')) return filterStep(inner.slice(2, -1));
  const quoted = [...inner.matchAll(/\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)/gy)];
  if (quoted.length && quoted.map((m) => m[0]).join('') === inner) {
    const names = quoted.map((m) => (m[1] ?? m[2]!).replace(/\\(.)/g, '$1'));
    return names.length === 1 ? { kind: 'field', name: names[0]! } : { kind: 'union', names };
  }
  const slice = /^(-?\d+)?(?:(:)(-?\d+)?(?::(-?\d+)?)?)?$/.exec(inner);
  if (!slice || inner === '') throw new Error(`invalid array index ${inner}`);
  const from = slice[1] === undefined ? undefined : Number(slice[1]);
  if (!slice[2]) return { kind: 'slice', from, step: 1, one: true };
  return {
    kind: 'slice',
    from,
    to: slice[3] === undefined ? undefined : Number(slice[3]),
    step: Number(slice[4] ?? 1),
    one: false,
  };
}

/** The bracket that closes the one here; quotes and brackets inside count. */
function closing(r: Reader): number {
  let depth = 0;
  let quote = '';
  for (let i = r.at; i < r.text.length; i++) {
    const c = r.text[i]!;
    if (quote) {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '[') depth++;
    else if (c === ']' && --depth === 0) return i;
  }
  throw new Error('unterminated array');
}

function filterStep(text: string): Step {
  const found = /^\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*$/s.exec(text);
  if (!found) return { kind: 'filter', left: operand(text), operator: 'exists' };
  return { kind: 'filter', left: operand(found[1]!), operator: found[2]!, right: operand(found[3]!) };
}

function operand(text: string): Operand {
  const t = text.trim();
  if (t.startsWith('@') || t.startsWith('$') || t.startsWith('.')) return { path: parse(t) };
  const quoted = /^(['"])(.*)\1$/s.exec(t);
  if (quoted) return { literal: quoted[2]!.replace(/\\(.)/g, '$1') };
  if (t === 'true' || t === 'false') return { literal: t === 'true' };
  if (/^-?\d+(\.\d+)?$/.test(t)) return { literal: Number(t) };
  throw new Error(`unrecognized operand ${t}`);
}

function run(steps: readonly Step[], values: unknown[], root: unknown): unknown[] {
  let found = values;
  for (const step of steps) found = found.flatMap((value) => take(step, value, root));
  return found;
}

const isMap = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function take(step: Step, value: unknown, root: unknown): unknown[] {
  switch (step.kind) {
    case 'field':
      return isMap(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'union':
      return isMap(value) ? step.names.filter((n) => Object.hasOwn(value, n)).map((n) => value[n]) : [];
    case 'wildcard':
      return Array.isArray(value) ? value : isMap(value) ? Object.values(value) : [];
    case 'recursive':
      return everything(value);
    case 'slice':
      return Array.isArray(value) ? sliceOf(value, step) : [];
    case 'filter':
      return Array.isArray(value) ? value.filter((item) => holds(step, item, root)) : [];
  }
}

function everything(value: unknown): unknown[] {
  const inner = Array.isArray(value) ? value : isMap(value) ? Object.values(value) : [];
  return [value, ...inner.flatMap(everything)];
}

function sliceOf(list: unknown[], { from, to, step, one }: Extract<Step, { kind: 'slice' }>): unknown[] {
  const at = (n: number) => (n < 0 ? n + list.length : n);
  const start = at(from ?? 0);
  if (one) return start >= 0 && start < list.length ? [list[start]] : [];
  const end = Math.min(to === undefined ? list.length : at(to), list.length);
  const out: unknown[] = [];
  for (let i = Math.max(0, start); i < end; i += Math.max(1, step)) out.push(list[i]);
  return out;
}

function holds({ left, operator, right }: Extract<Step, { kind: 'filter' }>, item: unknown, root: unknown): boolean {
  const operandValue = (o: Operand) => ('literal' in o ? o.literal : run(o.path, [item], root)[0]);
  const a = operandValue(left);
  if (operator === 'exists') return a !== undefined;
  const b = operandValue(right!);
  if (a === undefined || b === undefined || typeof a !== typeof b) return false;
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a! < b!;
    case '<=':
      return a! <= b!;
    case '>':
      return a! > b!;
    default:
      return a! >= b!;
  }
}
