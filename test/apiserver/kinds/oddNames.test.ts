// What a fuzz run found: amounts named like what every object has, and amounts that are null.
import { expect, it } from 'vitest';
import { ownValue } from '../../../apimachinery/ownValue.ts';
import type { StructNode } from '../../../apimachinery/schema.ts';
import { decode } from '../../../apiserver/decode.ts';
import { kinds } from '../../../apiserver/kinds/kinds.ts';
import { builtinSchemas } from '../../../apiserver/openapi/definitions.ts';

const kindOf = (name: string) => kinds.find((k) => k.kind === name && k.version === 'v1')!;

/** What validation says of an object as a client sent it. */
function said(name: string, sent: object): string[] {
  const kind = kindOf(name);
  const { object } = decode(structuredClone(sent), builtinSchemas.node(kind.schema) as StructNode);
  kind.defaults?.(object);
  return (kind.validate?.(object) ?? []).map((error) => `${error.field}: ${error.detail}`);
}

const pod = (resources: object) => ({
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'x', resources }] },
});

it('looks only at what a map has of its own', () => {
  expect(ownValue({}, 'constructor')).toBeUndefined();
  expect(ownValue({ constructor: '1' }, 'constructor')).toBe('1');
  expect(ownValue(undefined, 'a')).toBeUndefined();
});

it.each(['constructor', 'toString', 'hasOwnProperty'])('a request of %s has no limit unless one is given', (name) => {
  expect(said('Pod', pod({ requests: { [name]: '1' }, limits: { memory: '1' } }))).toContainEqual(
    expect.stringContaining('must be a standard resource'),
  );
});

it.each(['constructor', 'toString'])('a LimitRange may say one thing of %s and not another', (name) => {
  const limits = [{ type: 'Container', max: { [name]: '1' }, min: { cpu: '1' } }];
  expect(said('LimitRange', { metadata: { name: 'r' }, spec: { limits } })).toContainEqual(
    expect.stringContaining('must be a standard resource'),
  );
});

it('an amount that is null is none of it', () => {
  const limits = [{ type: 'Container', max: { cpu: null }, min: { cpu: '1' } }];
  expect(said('LimitRange', { metadata: { name: 'r' }, spec: { limits } })).toContain(
    'spec.limits[0].min[cpu]: min value 1 is greater than max value 0',
  );
  expect(said('Pod', pod({ limits: { cpu: null } }))).toEqual([]);
});
