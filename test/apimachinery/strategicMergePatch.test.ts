import { describe, expect, test } from 'vitest';
import { type OpenAPISchema, SchemaSet } from '../../apimachinery/schema.ts';
import { strategicMergePatch } from '../../apimachinery/strategicMergePatch.ts';

const text: OpenAPISchema = { type: 'string' };
const merging = (items: OpenAPISchema, key?: string): OpenAPISchema => ({
  type: 'array',
  items,
  'x-kubernetes-patch-strategy': 'merge',
  ...(key && { 'x-kubernetes-patch-merge-key': key }),
});
const env: OpenAPISchema = { type: 'object', properties: { name: text, value: text } };
const container: OpenAPISchema = {
  type: 'object',
  properties: { name: text, image: text, args: { type: 'array', items: text }, env: merging(env, 'name') },
};
const schema: OpenAPISchema = {
  type: 'object',
  properties: {
    containers: merging(container, 'name'),
    finalizers: merging(text),
    args: { type: 'array', items: text },
    labels: { type: 'object', additionalProperties: text },
    strategy: { type: 'object', properties: { type: text, rollingUpdate: { type: 'object', properties: {} } } },
    nested: merging({ type: 'array', items: text }),
  },
};
const node = new SchemaSet(() => undefined).compile(schema, 'Spec');
const apply = (live: object, patch: unknown) => strategicMergePatch(live, patch, node);

describe('maps and scalars', () => {
  test.each<[string, object, object, object]>([
    ['merge', { labels: { a: '1', b: '2' } }, { labels: { b: '3', c: '4' } }, { labels: { a: '1', b: '3', c: '4' } }],
    ['null deletes', { labels: { a: '1', b: '2' } }, { labels: { a: null } }, { labels: { b: '2' } }],
    ['nulls in new objects vanish', {}, { labels: { a: null, b: '1' } }, { labels: { b: '1' } }],
    ['$patch: replace', { labels: { a: '1' } }, { labels: { $patch: 'replace', b: '2' } }, { labels: { b: '2' } }],
    ['$patch: delete', { labels: { a: '1' } }, { labels: { $patch: 'delete' } }, { labels: {} }],
    [
      '$retainKeys clears the others',
      { strategy: { type: 'RollingUpdate', rollingUpdate: {} } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
  ])('%s', (_, live, patch, result) => {
    const before = structuredClone([live, patch]);
    expect(apply(live, patch)).toEqual(result);
    expect([live, patch]).toEqual(before);
  });
});

describe('lists', () => {
  const live = {
    containers: [
      { name: 'a', image: '1', args: ['x'], env: [{ name: 'E', value: '1' }] },
      { name: 'b', image: '2' },
    ],
    finalizers: ['x', 'y'],
    args: ['1', '2'],
  };
  const names = (o: any) => o.containers.map((c: any) => c.name);

  test('without strategy are replaced', () => {
    expect(apply(live, { args: ['3'] })).toEqual({ ...live, args: ['3'] });
  });
  test('merge by key, depth included', () => {
    const patch = { containers: [{ name: 'a', image: '9', args: [], env: [{ name: 'F', value: '2' }] }] };
    expect((apply(live, patch) as any).containers).toEqual([
      {
        name: 'a',
        image: '9',
        args: [],
        env: [
          { name: 'F', value: '2' },
          { name: 'E', value: '1' },
        ],
      },
      { name: 'b', image: '2' },
    ]);
  });
  test('new items come before those that only the server has', () => {
    expect(names(apply(live, { containers: [{ name: 'c' }] }))).toEqual(['c', 'a', 'b']);
    expect(names(apply(live, { containers: [{ name: 'b' }, { name: 'c' }] }))).toEqual(['a', 'b', 'c']);
  });
  test('items are deleted, or the list replaced, by $patch', () => {
    expect(names(apply(live, { containers: [{ $patch: 'delete', name: 'a' }] }))).toEqual(['b']);
    expect(names(apply(live, { containers: [{ $patch: 'replace' }, { name: 'z' }] }))).toEqual(['z']);
  });
  test('$setElementOrder sorts, with and without changes', () => {
    const order = [{ name: 'b' }, { name: 'c' }, { name: 'a' }];
    expect(names(apply(live, { '$setElementOrder/containers': order }))).toEqual(['b', 'a']);
    const patch = { '$setElementOrder/containers': order, containers: [{ name: 'c' }] };
    expect(names(apply(live, patch))).toEqual(['b', 'c', 'a']);
  });
  test('items of the server alone keep their place among the ordered', () => {
    const many = { containers: ['a', 'server', 'b'].map((name) => ({ name })) };
    const order = [{ name: 'a' }, { name: 'b' }];
    expect(names(apply(many, { '$setElementOrder/containers': order }))).toEqual(['a', 'server', 'b']);
  });
  test('scalars merge as a set and can be deleted', () => {
    expect(apply(live, { finalizers: ['z', 'x'] })).toMatchObject({ finalizers: ['z', 'x', 'y'] });
    expect(apply(live, { '$deleteFromPrimitiveList/finalizers': ['x'] })).toMatchObject({ finalizers: ['y'] });
    const both = {
      '$setElementOrder/finalizers': ['y', 'z'],
      finalizers: ['z'],
      '$deleteFromPrimitiveList/finalizers': ['x'],
    };
    expect(apply(live, both)).toMatchObject({ finalizers: ['y', 'z'] });
  });
});

describe('refused', () => {
  test.each<[object, number, string]>([
    [{ containers: [{ image: 'x' }] }, 500, 'map: map[image:x] does not contain declared merge key: name'],
    [{ containers: [{ name: 'a', $patch: 'zap' }] }, 500, 'unknown patch type: zap in map: map[$patch:zap name:a]'],
    [{ labels: { $patch: 'merge' } }, 500, 'unknown patch type: merge in map: map[$patch:merge]'],
    [{ gone: { a: 1 } }, 500, 'unable to find api field in struct Spec for the json field "gone"'],
    [{ labels: { $retainKeys: ['a'], b: '1' } }, 400, 'invalid patch format of retainKeys'],
    [{ labels: { $retainKeys: 'a' } }, 400, 'invalid patch format of retainKeys'],
    [{ $deleteFromPrimitiveList: ['a'] }, 400, 'invalid patch format of primitive list'],
    [{ $setElementOrder: [] }, 400, 'invalid patch format of setElementOrder list'],
    [{ '$setElementOrder/containers': {} }, 500, 'expected a []interface {}, but received a map[string]interface {}'],
    [{ nested: [['a']] }, 422, 'the server rejected our request due to an error in our request'],
    [
      { containers: [{ name: 'a' }, 'x'] },
      500,
      'list element types are not identical: [[map[name:a]] [map[name:a] x]]',
    ],
    [
      { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a' }] },
      500,
      "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
    ],
  ])('%j: %d', (patch, code, message) => {
    const live = { containers: [{ name: 'a' }], labels: { a: '1' }, gone: {}, nested: [['b']] };
    expect(() => apply(live, patch)).toThrow(expect.objectContaining({ code, message }));
  });
  test('a patch that is no object', () => {
    const message = 'json: cannot unmarshal array into Go value of type map[string]interface {}';
    expect(() => apply({}, [])).toThrow(expect.objectContaining({ code: 400, message }));
  });
  test('the prototype is out of reach', () => {
    for (const patch of [
      '{"__proto__":{"x":1}}',
      '{"labels":{"__proto__":{"x":1}}}',
      '{"$setElementOrder/__proto__":[]}',
    ]) {
      expect(() => apply({ labels: {} }, JSON.parse(patch))).toThrow(expect.objectContaining({ code: 400 }));
    }
  });
});
