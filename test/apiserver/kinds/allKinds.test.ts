// What holds for every kind alike, whatever its file says: the list is data, and the handlers trust it.
import { describe, expect, test } from 'vitest';
import { isDNS1035Label } from '../../../apimachinery/names.ts';
import { kinds } from '../../../apiserver/kinds/kinds.ts';
import { builtinSchemas } from '../../../apiserver/openapi/definitions.ts';

const bare = (kind: (typeof kinds)[number]) => ({
  apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version,
  kind: kind.kind,
  metadata: { name: 'x', ...(kind.namespaced && { namespace: 'default' }) },
});

test('no two kinds share a path or a home', () => {
  const paths = kinds.map((k) => `${k.group}/${k.version}/${k.plural}`);
  expect(new Set(paths).size).toBe(paths.length);
  const homes = kinds.flatMap((k) => (k.storage && !k.storedAs ? [k.storage] : []));
  expect(new Set(homes).size).toBe(homes.length);
});

test('no two short names or plurals of the core collide', () => {
  const names = kinds.filter((k) => !k.storedAs).flatMap((k) => k.shortNames ?? []);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(kinds.map((kind) => [`${kind.kind}.${kind.group || 'core'}`, kind] as const))('%s', (_name, kind) => {
  test('its names are names, and its schema is known', () => {
    expect(isDNS1035Label(kind.plural)).toEqual([]);
    expect(builtinSchemas.node(kind.schema).type).toBe('struct');
    for (const sub of kind.subresources ?? [])
      if (sub.body) expect(builtinSchemas.node(sub.body.schema).type).toBe('struct');
  });

  test('defaults are idempotent', () => {
    const object: any = bare(kind);
    kind.defaults?.(object);
    const once = structuredClone(object);
    kind.defaults?.(object);
    expect(object).toEqual(once);
  });

  test('validation leaves its input alone', () => {
    const object: any = bare(kind);
    kind.defaults?.(object);
    const before = structuredClone(object);
    kind.validate?.(object);
    kind.validateCreate?.(object);
    kind.validateUpdate?.(object, structuredClone(object));
    kind.warnings?.(object, undefined);
    expect(object).toEqual(before);
  });

  test('columns have names of their own and resolve on an empty object', () => {
    const object: any = bare(kind);
    kind.defaults?.(object);
    const columns = kind.columns ?? [];
    for (const column of columns) expect(() => column.value(object, 0)).not.toThrow();
    expect(new Set(columns.map((c) => c.name)).size).toBe(columns.length);
  });

  test('selectable fields are text on a bare object', () => {
    for (const [field, of] of Object.entries(kind.selectableFields ?? {}))
      expect([field, typeof of(bare(kind))]).toEqual([field, 'string']);
  });

  test('a subresource is of one sort', () => {
    for (const sub of kind.subresources ?? []) {
      const sorts = [sub.keep, sub.view, sub.create, sub.connect].filter(Boolean);
      expect([sub.name, sorts.length]).toEqual([sub.name, 1]);
    }
  });
});
