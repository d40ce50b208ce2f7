import { expect, test } from 'vitest';
import { mergeSwagger } from '../../../apiserver/aggregator/mergeSwagger.ts';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const own = {
  swagger: '2.0',
  paths: { '/api/v1/pods': { get: ref('Pod') }, '/apis/g/v1/': { get: ref('Own') } },
  definitions: { Pod: { type: 'object' }, Meta: { a: 1 }, Same: { b: 1 }, Own: {} },
};
const extension = {
  document: {
    paths: {
      '/apis/g/v1/things': { get: { responses: [ref('Thing')] } },
      '/apis/g/v1/': { get: ref('Thing') },
      '/apis/g/v10/things': { get: ref('Other') },
      '/healthz': {},
    },
    definitions: {
      Thing: { properties: { meta: ref('Meta'), same: ref('Same'), self: ref('Thing') } },
      Meta: { a: 2, inner: ref('Deep') },
      Deep: {},
      Same: { b: 1 },
      Other: {},
    },
  },
  prefixes: ['/apis/g/v1/'],
};

test('paths of the group version come in, with what they need; rivals for a name are kept apart', () => {
  const before = structuredClone([own, extension]);
  const merged = mergeSwagger(own, [extension]);
  expect(Object.keys(merged.paths!)).toEqual(['/api/v1/pods', '/apis/g/v1/', '/apis/g/v1/things']);
  expect(merged.paths!['/apis/g/v1/']).toEqual({ get: ref('Own') });
  expect(merged.definitions).toEqual({
    ...own.definitions,
    Thing: { properties: { meta: ref('Meta_v2'), same: ref('Same'), self: ref('Thing') } },
    Meta_v2: { a: 2, inner: ref('Deep') },
    Deep: {},
  });
  expect([own, extension]).toEqual(before);
});

test('a third of the same name is the third', () => {
  const other = structuredClone(extension);
  other.document.definitions.Meta.a = 3;
  other.document.paths = { '/apis/h/v1/things': { get: ref('Meta') } } as never;
  const merged = mergeSwagger(own, [extension, { ...other, prefixes: ['/apis/h/v1/'] }]);
  expect(merged.paths!['/apis/h/v1/things']).toEqual({ get: ref('Meta_v3') });
});
