// Calls that are not calls: has(), all(), map() and the like become selects and folds while the expression is parsed.
// Reads: a parsed call. Writes: the tree that stands for it. Mirrors: cel-go's parser/macro.go, ext/comprehensions.go, ext/lists.go, ext/bindings.go.
// Next: the checker and the interpreter know folds only, none of the macros.
import { boolType, intType } from '../types.ts';
import { accumulator, type Call, type Const, type Expr, type Fold, type Ident } from './ast.ts';
import type { SourceErrors } from './source.ts';

/** `name/arguments` for calls on nothing, `.name/arguments` for calls on a receiver. Undefined: an ordinary call after all. */
export type Macro = (call: Call, fail: (e: Expr, message: string) => Expr) => Expr | undefined;
export type MacroTable = ReadonlyMap<string, Macro>;

export function expandMacro(call: Call, macros: MacroTable, errors: SourceErrors): Expr | undefined {
  // A leading dot that the expression itself has is no receiver.
  if (call.fn.startsWith('.')) return undefined;
  const macro = macros.get(`${call.target ? '.' : ''}${call.fn}/${call.args.length}`);
  return macro?.(call, (e, message) => {
    errors.report(e.at, message);
    return e;
  });
}

/** The makers of nodes that stand at the macro's own place. */
const builder = (at: number) => {
  const accu = (): Ident => ({ kind: 'ident', at, name: accumulator });
  const name = (text: string): Ident => ({ kind: 'ident', at, name: text });
  const bool = (value: boolean): Const => ({ kind: 'const', at, value, type: boolType });
  const int = (value: number): Const => ({ kind: 'const', at, value, type: intType });
  const call = (fn: string, ...args: Expr[]): Call => ({ kind: 'call', at, fn, args });
  const list = (...elems: Expr[]): Expr => ({ kind: 'list', at, elems, optional: new Set() });
  const map = (): Expr => ({ kind: 'map', at, entries: [] });
  const fold = (
    range: Expr,
    vars: string[],
    rest: Omit<Fold, 'kind' | 'at' | 'range' | 'iterVar' | 'accuVar'>,
  ): Fold => ({
    ...{ kind: 'fold' as const, at, range, iterVar: vars[0]!, accuVar: accumulator, ...rest },
    ...(vars[1] !== undefined && { iterVar2: vars[1] }),
  });
  return { accu, name, bool, int, call, list, map, fold };
};
type Builder = ReturnType<typeof builder>;

const notAName = 'argument must be a simple name';

/** A macro over one or two iteration variables; `build` gets what follows them. */
const over =
  (
    variables: 1 | 2,
    build: (b: Builder, range: Expr, vars: string[], args: Expr[], fail: (e: Expr, m: string) => Expr) => Expr,
    refusal = notAName,
  ): Macro =>
  (call, fail) => {
    const vars: string[] = [];
    for (const arg of call.args.slice(0, variables)) {
      if (arg.kind !== 'ident' || arg.name.startsWith('.')) return fail(arg, refusal);
      vars.push(arg.name);
    }
    return build(builder(call.at), call.target!, vars, call.args.slice(variables), fail);
  };

const all = (n: 1 | 2) =>
  over(n, (b, range, vars, [test]) =>
    b.fold(range, vars, {
      init: b.bool(true),
      condition: b.call('@not_strictly_false', b.accu()),
      step: b.call('_&&_', b.accu(), test!),
      result: b.accu(),
    }),
  );
const exists = (n: 1 | 2) =>
  over(n, (b, range, vars, [test]) =>
    b.fold(range, vars, {
      init: b.bool(false),
      condition: b.call('@not_strictly_false', b.call('!_', b.accu())),
      step: b.call('_||_', b.accu(), test!),
      result: b.accu(),
    }),
  );
const existsOne = (n: 1 | 2) =>
  over(n, (b, range, vars, [test]) =>
    b.fold(range, vars, {
      init: b.int(0),
      condition: b.bool(true),
      step: b.call('_?_:_', test!, b.call('_+_', b.accu(), b.int(1)), b.accu()),
      result: b.call('_==_', b.accu(), b.int(1)),
    }),
  );

/** A fold that grows `init` by `grow(accu, …)` where the optional filter holds. */
const collect = (b: Builder, range: Expr, vars: string[], init: Expr, grown: Expr, filter?: Expr): Fold =>
  b.fold(range, vars, {
    init,
    condition: b.bool(true),
    step: filter ? b.call('_?_:_', filter, grown, b.accu()) : grown,
    result: b.accu(),
  });
const toList = (n: 1 | 2, refusal?: string) =>
  over(
    n,
    (b, range, vars, args) => {
      const transform = args.at(-1)!;
      const grown = b.call('_+_', b.accu(), b.list(transform));
      return collect(b, range, vars, b.list(), grown, args.length === 2 ? args[0] : undefined);
    },
    refusal,
  );
const filter = over(
  1,
  (b, range, vars, [test]) =>
    collect(b, range, vars, b.list(), b.call('_+_', b.accu(), b.list(b.name(vars[0]!))), test),
  'argument is not an identifier',
);
const toMap = over(2, (b, range, vars, args) => {
  const grown = b.call('cel.@mapInsert', b.accu(), b.name(vars[0]!), args.at(-1)!);
  return collect(b, range, vars, b.map(), grown, args.length === 2 ? args[0] : undefined);
});
const toMapEntry = over(2, (b, range, vars, args) => {
  const grown = b.call('cel.@mapInsert', b.accu(), args.at(-1)!);
  return collect(b, range, vars, b.map(), grown, args.length === 2 ? args[0] : undefined);
});

const has: Macro = (call, fail) => {
  const [arg] = call.args;
  if (arg!.kind !== 'select' || arg!.testOnly) return fail(arg!, 'invalid argument to has() macro');
  return { ...arg!, at: call.at, testOnly: true };
};

/** `name = value in body`, as a fold over nothing whose accumulator is the name. */
function bind(b: Builder, name: string, value: Expr, body: Expr): Fold {
  const rest = { init: value, condition: b.bool(false), step: b.name(name), result: body };
  return { ...b.fold(b.list(), ['#unused'], rest), accuVar: name };
}
const celBind: Macro = (call, fail) => {
  if (call.target!.kind !== 'ident' || call.target!.name !== 'cel') return undefined;
  const [name, value, body] = call.args;
  if (name!.kind !== 'ident') return fail(name!, 'cel.bind() variable names must be simple identifiers');
  return bind(builder(call.at), name!.name, value!, body!);
};

const optional =
  (macro: 'optMap' | 'optFlatMap'): Macro =>
  (call, fail) => {
    const [name, body] = call.args;
    if (name!.kind !== 'ident') return fail(name!, `${macro}() variable name must be a simple identifier`);
    const b = builder(call.at);
    const member = (fn: string): Call => ({ ...b.call(fn), target: call.target! });
    const mapped = bind(b, name!.name, member('value'), body!);
    const some = macro === 'optMap' ? b.call('optional.of', mapped) : mapped;
    return b.call('_?_:_', member('hasValue'), some, b.call('optional.none'));
  };

const sortBy: Macro = (call, fail) => {
  const [variable, key] = call.args;
  if (!['list', 'select', 'ident', 'fold', 'call'].includes(call.target!.kind))
    return fail(
      call.target!,
      'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
    );
  if (variable!.kind !== 'ident') return fail(variable!, 'argument is not an identifier');
  const b = builder(call.at);
  const input = '@__sortBy_input__';
  const grown = b.call('_+_', b.accu(), b.list(key!));
  const keys = collect(b, b.name(input), [variable!.name], b.list(), grown);
  const sorted: Call = { ...b.call('@sortByAssociatedKeys', keys), target: b.name(input) };
  return bind(b, input, call.target!, sorted);
};

export const standardMacros: readonly (readonly [string, Macro])[] = [
  ['has/1', has],
  ['.all/2', all(1)],
  ['.exists/2', exists(1)],
  ['.exists_one/2', existsOne(1)],
  ['.existsOne/2', existsOne(1)],
  ['.map/2', toList(1, 'argument is not an identifier')],
  ['.map/3', toList(1, 'argument is not an identifier')],
  ['.filter/2', filter],
];
export const twoVariableMacros: readonly (readonly [string, Macro])[] = [
  ['.all/3', all(2)],
  ['.exists/3', exists(2)],
  ['.existsOne/3', existsOne(2)],
  ['.exists_one/3', existsOne(2)],
  ['.transformList/3', toList(2)],
  ['.transformList/4', toList(2)],
  ['.transformMap/3', toMap],
  ['.transformMap/4', toMap],
  ['.transformMapEntry/3', toMapEntry],
  ['.transformMapEntry/4', toMapEntry],
];
export const optionalMacros: readonly (readonly [string, Macro])[] = [
  ['.optMap/2', optional('optMap')],
  ['.optFlatMap/2', optional('optFlatMap')],
];
export const listMacros: readonly (readonly [string, Macro])[] = [['.sortBy/2', sortBy]];
export const bindingMacros: readonly (readonly [string, Macro])[] = [['.bind/3', celBind]];
