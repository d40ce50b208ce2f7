// Defaults in OpenAPI version 3: rows as upstream publishes them, and every name in defaults.json is one of a field.
import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { defaultsReader } from '../../../apiserver/openapi/defaults.ts';
import { definition, packageDefinitions, packageNames } from '../../../apiserver/openapi/definitions.ts';
import { describedDefinitions } from '../../../apiserver/openapi/document.ts';

const core = 'io.k8s.api.core.v1';
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const v3 = describedDefinitions('v3');
const property = (type: string, field: string): any => v3(type)!.schema.properties![field];

test.each<[string, string, string, unknown]>([
  ['what every object has', `${core}.Pod`, 'metadata', {}],
  ['a struct', `${core}.Container`, 'resources', {}],
  ['a struct of another version', 'io.k8s.api.apps.v1.DeploymentSpec', 'strategy', {}],
  ['a pointer', `${core}.PodSpec`, 'securityContext', undefined],
  ['a pointer that is required', 'io.k8s.api.apps.v1.DeploymentSpec', 'selector', undefined],
  [
    'a pointer called status',
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources',
    'status',
    undefined,
  ],
  ['a time', `${meta}.ObjectMeta`, 'creationTimestamp', undefined],
  ['a quantity', `${core}.ResourceFieldSelector`, 'divisor', undefined],
  ['a number or text', `${core}.HTTPGetAction`, 'port', undefined],
  ['required text', `${meta}.OwnerReference`, 'uid', ''],
  ['a required number', `${core}.GRPCAction`, 'port', 0],
  ['a required truth', 'io.k8s.api.authorization.v1.SubjectAccessReviewStatus', 'allowed', false],
  ['required text behind a pointer', 'io.k8s.api.networking.v1.HTTPIngressPath', 'pathType', undefined],
  ['text that may be left out', `${meta}.ObjectMeta`, 'name', undefined],
  ['a required list', `${core}.PodSpec`, 'containers', undefined],
  ['required bytes', 'io.k8s.api.certificates.v1.CertificateSigningRequestSpec', 'request', undefined],
  ['a marked value', `${core}.ContainerPort`, 'protocol', 'TCP'],
  ['a marked value that is false', `${core}.AzureDiskVolumeSource`, 'readOnly', false],
  ['a number that Go always writes', 'io.k8s.api.flowcontrol.v1.FlowSchemaSpec', 'matchingPrecedence', 0],
])('%s', (_what, type, field, expected) => {
  expect(property(type, field).default).toEqual(expected);
});

it('beside a reference stands in an allOf', () => {
  const { description: _, ...spec } = property(`${core}.Pod`, 'spec');
  expect(spec).toEqual({ allOf: [{ $ref: `#/definitions/${core}.PodSpec` }], default: {} });
});

it('elements of lists and maps have one', () => {
  expect(property(`${core}.PodSpec`, 'containers').items).toEqual({
    allOf: [{ $ref: `#/definitions/${core}.Container` }],
    default: {},
  });
  expect(property(`${meta}.ObjectMeta`, 'finalizers').items).toEqual({ type: 'string', default: '' });
  expect(property(`${meta}.ObjectMeta`, 'labels').additionalProperties).toEqual({ type: 'string', default: '' });
  expect(property(`${core}.ConfigMap`, 'binaryData').additionalProperties).toEqual({ type: 'string', format: 'byte' });
  const quantity = { $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity' };
  expect(property(`${core}.ResourceRequirements`, 'limits').additionalProperties).toEqual(quantity);
  const extra = property('io.k8s.api.authentication.v1.UserInfo', 'extra').additionalProperties;
  expect(extra.items).toEqual({ type: 'string', default: '' });
});

it('version 2 has none', () => {
  const pod = JSON.stringify(describedDefinitions('v2')(`${core}.Container`));
  expect(pod).not.toContain('"default"');
});

it('every name that is told is one of a field', () => {
  const file = new URL('../../../apiserver/openapi/defaults.json', import.meta.url);
  const { values, pointers, named } = JSON.parse(readFileSync(file, 'utf8'));
  const known = new Set<string>();
  for (const name of packageNames())
    for (const [type, schema] of Object.entries(packageDefinitions(name)))
      for (const field of Object.keys(schema.properties ?? {})) known.add(`${type.split('.').at(-1)}.${field}`);
  const told = [values, pointers, named].flatMap((part) =>
    Object.entries<any>(part).flatMap(([type, fields]) =>
      (Array.isArray(fields) ? fields : Object.keys(fields)).map((field: string) => `${type}.${field}`),
    ),
  );
  expect(told.filter((name) => !known.has(name))).toEqual([]);
});

it('the facts stay as they are', () => {
  const before = JSON.stringify(definition(`${core}.Pod`));
  defaultsReader(definition)(`${core}.Pod`, definition(`${core}.Pod`)!);
  expect(JSON.stringify(definition(`${core}.Pod`))).toBe(before);
});
