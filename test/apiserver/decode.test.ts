import { describe, expect, it } from 'vitest';
import type { StructNode } from '../../apimachinery/schema.ts';
import { decode } from '../../apiserver/decode.ts';
import { builtinSchemas } from '../../apiserver/openapi/definitions.ts';

const pod = builtinSchemas.node('io.k8s.api.core.v1.Pod') as StructNode;
const deployment = builtinSchemas.node('io.k8s.api.apps.v1.Deployment') as StructNode;
const secret = builtinSchemas.node('io.k8s.api.core.v1.Secret') as StructNode;

describe('decode', () => {
  it('drops and names unknown fields', () => {
    const { object, unknown } = decode(
      { metadata: { name: 'x', foo: 1 }, spec: { containers: [{ name: 'a', bar: { b: 1 } }] } },
      pod,
    );
    expect(unknown).toEqual(['metadata.foo', 'spec.containers[0].bar']);
    expect(object).toEqual({ metadata: { name: 'x' }, spec: { containers: [{ name: 'a' }] } });
  });
  it('leaves out nulls, empty lists and empty maps, and keeps empty structs', () => {
    const { object } = decode(
      {
        metadata: { name: 'x', labels: {}, creationTimestamp: null },
        spec: { containers: [], volumes: null, securityContext: {} },
      },
      pod,
    );
    expect(object).toEqual({ metadata: { name: 'x' }, spec: { securityContext: {} } });
  });
  it('brings quantities and times into canonical form', () => {
    const { object } = decode(
      {
        metadata: { creationTimestamp: '2026-01-01T02:00:00+02:00' },
        spec: { containers: [{ name: 'a', resources: { limits: { cpu: 1, memory: '1024Mi', x: '1000m' } } }] },
      },
      pod,
    );
    expect(object.metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z');
    expect(object.spec.containers[0].resources.limits).toEqual({ cpu: '1', memory: '1Gi', x: '1' });
  });
  const refusals: [string, StructNode, unknown, string][] = [
    [
      'string for a number',
      deployment,
      { spec: { replicas: 'three' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'fraction for a number',
      deployment,
      { spec: { replicas: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'object for a list',
      pod,
      { spec: { containers: {} } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      'list for a string',
      pod,
      { metadata: { name: [] } },
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.name of type string',
    ],
    [
      'number as a label',
      pod,
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    ['bad base64', secret, { data: { a: '%' } }, 'illegal base64 data at input byte 0'],
    [
      'bad quantity',
      pod,
      { spec: { containers: [{ resources: { limits: { cpu: 'abc' } } }] } },
      'quantities must match the regular expression',
    ],
    ['bad time', pod, { metadata: { creationTimestamp: 'yesterday' } }, 'parsing time "yesterday"'],
  ];
  it.each(refusals)('refuses a %s', (_what, node, value, text) => {
    expect(() => decode(value, node)).toThrow(text);
  });
});
