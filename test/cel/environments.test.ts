// What an expression may use depends on where it stands, and on the release that brought it.
import { expect, test } from 'vitest';
import { compile, yields } from '../../cel/cel.ts';
import { environmentOf } from '../../cel/environments/base.ts';
import { boolType, dynType, objectType, stringType } from '../../cel/types.ts';
import { program } from './kit.ts';

test('stored expressions may use all that new ones may', () => {
  const [fresh, stored] = [environmentOf('new', {}), environmentOf('stored', {})];
  for (const name of fresh.functions.keys()) expect(stored.functions.has(name)).toBe(true);
  for (const name of fresh.macros.keys()) expect(stored.macros.has(name)).toBe(true);
});

test('no overload is declared twice', () => {
  const ids = [...environmentOf('new', { bindings: true, patches: true }).functions.values()].flat().map((o) => o.id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

test('functions that v1.35 has not are unknown', () => {
  for (const expression of ['math.greatest(1, 2)', "base64.encode(b'a')", "jsonpatch.escapeKey('a')", "'ab'.reverse()"])
    expect(compile(expression, { variables: {} }).ok).toBe(false);
});

test('the variables that an expression names are known, and what it yields', () => {
  const variables = { self: stringType, oldSelf: stringType, any: dynType };
  const rule = program('self == oldSelf && [1].all(self, self > 0)', { variables });
  expect([...rule.variablesUsed].sort()).toEqual(['oldSelf', 'self']);
  expect(yields(rule, boolType)).toBe(true);
  expect(yields(program('any', { variables }), boolType)).toBe(false);
  expect([...program('[1].all(self, self > 0)', { variables }).variablesUsed]).toEqual([]);
});

test('a variable may have a dotted name', () => {
  const variables = { 'authorizer.requestResource': stringType };
  const bindings = { 'authorizer.requestResource': 'pods' };
  const { value } = program("authorizer.requestResource == 'pods'", { variables }).evaluate(bindings, { budget: 10 });
  expect(value).toBe(true);
});

test('patches are made where they are asked for', () => {
  const make = (text: string) => program(text, { variables: {}, patches: true }).evaluate({}, { budget: 1000 }).value;
  expect(make('Object{spec: Object.spec{replicas: 1}}.spec.replicas == 1')).toBe(true);
  expect(make("jsonpatch.escapeKey('a/b~c') == 'a~1b~0c'")).toBe(true);
  expect(make("[JSONPatch{op: 'remove', path: '/a'}][0].path == '/a'")).toBe(true);
  expect(compile('Objects{}', { variables: {}, patches: true }).ok).toBe(false);
});

test('objects of declared types can be made', () => {
  const types = { 'a.Thing': objectType('a.Thing', { name: stringType }) };
  const make = (text: string) => compile(text, { variables: {}, types });
  const made = make("a.Thing{name: 'x'}.name == 'x' && a.Thing{} == a.Thing{}");
  if (!made.ok) throw new Error(made.message);
  expect(made.program.evaluate({}, { budget: 1000 }).value).toBe(true);
  expect(make('a.Thing{name: 1}')).toMatchObject({
    message: expect.stringContaining("expected type of field 'name' is 'string' but provided type is 'int'"),
  });
  expect(make('a.Thing{size: 1}')).toMatchObject({ message: expect.stringContaining("undefined field 'size'") });
  expect(make('b.Thing{}')).toMatchObject({ message: expect.stringContaining("undeclared reference to 'b.Thing'") });
});
