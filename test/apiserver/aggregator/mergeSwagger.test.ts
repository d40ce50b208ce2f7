import { expect, test } from 'vitest';
import { additionsTo } from '../../../apiserver/aggregator/mergeSwagger.ts';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const definitions: Record<string, object> = {
  Pod: { type: 'object' },
  Meta: { a: 1 },
  Same: { description: 'Ours.', b: 1 },
};
const own = (name: string) => definitions[name];
const extension = {
  document: {
    paths: {
      '/apis/g/v1/things': { get: { responses: [ref('Thing')] } },
      '/apis/g/v1': { get: ref('Same') },
      '/apis/g/v10/things': { get: ref('Other') },
      '/healthz': {},
    },
    definitions: {
      Thing: { properties: { meta: ref('Meta'), same: ref('Same'), self: ref('Thing'), description: { a: 1 } } },
      Meta: { a: 2, inner: ref('Deep') },
      Deep: { description: 'Deep.' },
      Same: { description: 'In other words.', b: 1 },
      Other: {},
    },
  },
  prefixes: ['/apis/g/v1/'],
};

test('paths of the group version come in, with what they need; rivals for a name are kept apart', () => {
  const before = structuredClone([definitions, extension]);
  const added = additionsTo(own, [extension]);
  expect(added.paths).toEqual({
    '/apis/g/v1/things': { get: { responses: [ref('Thing')] } },
    '/apis/g/v1': { get: ref('Same') },
  });
  expect(added.definitions).toEqual({
    Thing: { properties: { meta: ref('Meta_v2'), same: ref('Same'), self: ref('Thing'), description: { a: 1 } } },
    Meta_v2: { a: 2, inner: ref('Deep') },
    Deep: { description: 'Deep.' },
  });
  expect([definitions, extension]).toEqual(before);
});

test('a third of the same name is the third', () => {
  const other = structuredClone(extension);
  other.document.definitions.Meta.a = 3;
  other.document.paths = { '/apis/h/v1/things': { get: ref('Meta') } } as never;
  const added = additionsTo(own, [extension, { ...other, prefixes: ['/apis/h/v1/'] }]);
  expect(added.paths['/apis/h/v1/things']).toEqual({ get: ref('Meta_v3') });
});
