// Reading a body again and again gives what reading it once gives: the second time its spec is remembered, the third time it is used.
import { describe, expect, test } from 'vitest';
import type { StructNode } from '../../../apimachinery/schema.ts';
import { knownSpec, splitSpec } from '../../../apiserver/codecs/knownSpecs.ts';
import { jsonMedia } from '../../../apiserver/codecs/mediaTypes.ts';
import { type Expected, type FieldValidation, readObject } from '../../../apiserver/codecs/readObject.ts';
import { builtinSchemas } from '../../../apiserver/openapi/definitions.ts';

/** A node of its own remembers nothing yet. */
const podNode = () => ({ ...(builtinSchemas.node('io.k8s.api.core.v1.Pod') as StructNode) });
const ofPod = (): Expected => ({ kind: 'Pod', apiVersion: 'v1', node: podNode() });
/** As a custom resource is decoded: any fields, and the type has to be said. */
const ofCustom = (): Expected => ({
  kind: 'Thing',
  apiVersion: 'example.com/v1',
  node: { ...podNode(), native: false },
  decode: (object: any) => ({ object, unknown: [] }),
});

function read(text: string, expected: Expected, validation: FieldValidation = 'Strict') {
  const warnings: string[] = [];
  try {
    const object = readObject(Buffer.from(text), jsonMedia, expected, validation, (w) => warnings.push(w));
    return { object, warnings };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

const containers = Array.from({ length: 3 }, (_, i) => ({
  name: `c${i}`,
  image: `example.com/long-name-of-an-image:${i}`,
}));
const spec = JSON.stringify({ containers, nodeSelector: { note: 'some } text { with "quotes" and \\ in it' } });
const custom = '"apiVersion":"example.com/v1","kind":"Thing",';

const bodies: [string, string, () => Expected][] = [
  ['as Go writes it', `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":${spec},"status":{}}`, ofPod],
  ['as Python writes it', `{"metadata": {"name": "p"}, "spec": ${spec}}`, ofPod],
  ['on many lines', JSON.stringify({ metadata: { name: 'p' }, spec: JSON.parse(spec) }, null, 2), ofPod],
  ['spec first', `{"spec":${spec},"metadata":{"name":"p"}}`, ofPod],
  ['status first', `{"status":{"phase":"Failed"},"spec":${spec},"metadata":{"name":"p"}}`, ofPod],
  ['an unknown field in spec', `{"metadata":{"name":"p"},"spec":${spec.slice(0, -1)},"strange":1}}`, ofPod],
  ['an unknown field beside it', `{"metadata":{"name":"p","strange":1},"spec":${spec}}`, ofPod],
  ['an unknown field behind it', `{"metadata":{"name":"p"},"spec":${spec},"strange":{}}`, ofPod],
  [
    'a field twice in spec',
    `{"metadata":{"name":"p"},"spec":${spec.slice(0, -1)},"hostname":"a","hostname":"b"}}`,
    ofPod,
  ],
  ['spec twice', `{"spec":${spec},"metadata":{"name":"p"},"spec":${spec}}`, ofPod],
  ['a wrong type in spec', `{"metadata":{"name":"p"},"spec":${spec.slice(0, -1)},"hostname":1}}`, ofPod],
  ['no JSON', `{"metadata":{"name":"p"},"spec":${spec}`, ofPod],
  ['a spec within a spec', `{"metadata":{"name":"p"},"other":{"spec":${spec}}}`, ofPod],
  ['another kind', `{"kind":"Node","metadata":{"name":"p"},"spec":${spec}}`, ofPod],
  [
    'an old spec in an annotation',
    `{"metadata":{"annotations":{"last":${JSON.stringify(`{"spec":${spec}}`)}}},"spec":${spec}}`,
    ofPod,
  ],
  ['custom: a field behind spec', `{${custom}"spec":${spec},"more":{"a":"b"}}`, ofCustom],
  ['custom: status within spec', `{${custom}"spec":{"a":${spec},"status":{"x":${spec}}}}`, ofCustom],
  ['custom: without type', `{"metadata":{"name":"p"},"spec":${spec}}`, ofCustom],
];

describe.each(['Strict', 'Warn', 'Ignore'] as const)('%s', (validation) => {
  test.each(bodies)('%s', (_name, text, expected) => {
    const first = read(text, expected(), validation);
    const kept = expected();
    for (let time = 1; time <= 4; time++) expect([time, read(text, kept, validation)]).toEqual([time, first]);
  });
});

test('the metadata is each body’s own, and no reader sees what another has done to the spec', () => {
  const expected = ofPod();
  const text = (name: string) => `{"metadata":{"name":"${name}"},"spec":${spec},"status":{}}`;
  for (const name of ['a', 'b', 'c', 'd']) {
    const { object } = read(text(name), expected) as any;
    expect(object).toEqual({ kind: 'Pod', apiVersion: 'v1', metadata: { name }, spec: JSON.parse(spec), status: {} });
    expect(Object.keys(object).filter((key) => key.startsWith('s'))).toEqual(['spec', 'status']);
    object.spec.containers.length = 0;
    object.spec.nodeSelector.note = name;
  }
  expect(knownSpec(expected.node, splitSpec(text('e'))!)).toEqual(JSON.parse(spec));
});

test('a text that has come once, or is short, is not kept', () => {
  const expected = ofPod();
  const split = splitSpec(`{"metadata":{"name":"a"},"spec":${spec}}`)!;
  expect(split.spec).toBe(spec);
  read(`{"metadata":{"name":"a"},"spec":${spec}}`, expected);
  expect(knownSpec(expected.node, split)).toBeUndefined();
  expect(splitSpec('{"spec":{"containers":[]}}')).toBeUndefined();
});
