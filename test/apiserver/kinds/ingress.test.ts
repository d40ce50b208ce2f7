import { expect, test } from 'vitest';
import { ingress } from '../../../apiserver/kinds/ingress.ts';
import { ingressClass } from '../../../apiserver/kinds/ingressClass.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { cells, created, made, texts, updated } from './said.ts';

const web = { service: { name: 'web', port: { number: 80 } } };
const one = (spec: any, metadata: any = {}, status?: any): any =>
  made(ingress, { spec, ...(status && { status }) }, metadata);
const backend = (defaultBackend: any) => one({ defaultBackend });
const rule = (path: any, host?: string) =>
  one({ rules: [{ host, http: { paths: [{ backend: web, pathType: 'Prefix', path: '/', ...path }] } }] });
const at = 'spec.rules[0].http.paths[0]';
const ref = { apiGroup: 'a.io', kind: 'Bucket', name: 'b' };

test.each<[string, any, any[]]>([
  ['a backend', backend(web), []],
  ['a named port', backend({ service: { name: 'web', port: { name: 'http' } } }), []],
  ['a resource', backend({ resource: ref }), []],
  ['a rule', rule({}, 'example.com'), []],
  [
    'a path to nowhere',
    rule({ backend: {} }),
    [`${at}.backend: Invalid value: "": resource or service backend is required`],
  ],
  ['nothing', one({}), ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified']],
  [
    'an empty backend',
    backend({}),
    ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
  ],
  [
    'both backends',
    backend({ ...web, resource: ref }),
    ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
  ],
  [
    'resource without',
    backend({ resource: { apiGroup: 'A' } }),
    [
      expect.stringContaining('spec.defaultBackend.resource.apiGroup: Invalid value: "A"'),
      'spec.defaultBackend.resource.kind: Required value',
      'spec.defaultBackend.resource.name: Required value',
    ],
  ],
  [
    'resource by path',
    backend({ resource: { kind: 'a/b', name: '..' } }),
    [
      'spec.defaultBackend.resource.kind: Invalid value: "a/b": may not contain \'/\'',
      'spec.defaultBackend.resource.name: Invalid value: "..": may not be \'..\'',
    ],
  ],
  ['no service', backend({ service: { port: { number: 1 } } }), ['spec.defaultBackend.service.name: Required value']],
  [
    'service name',
    backend({ service: { name: '1a', port: { number: 1 } } }),
    [expect.stringContaining('spec.defaultBackend.service.name: Invalid value: "1a": a DNS-1035 label')],
  ],
  [
    'no port',
    backend({ service: { name: 'a' } }),
    ['spec.defaultBackend: Required value: port name or number is required'],
  ],
  [
    'two ports',
    backend({ service: { name: 'a', port: { name: 'b', number: 1 } } }),
    ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
  ],
  [
    'port name',
    backend({ service: { name: 'a', port: { name: 'A' } } }),
    [
      expect.stringContaining('spec.defaultBackend.service.port.name: Invalid value: "A"'),
      expect.stringContaining('at least one letter'),
    ],
  ],
  [
    'port number',
    backend({ service: { name: 'a', port: { number: 70000 } } }),
    ['spec.defaultBackend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive'],
  ],
  ['no paths', one({ rules: [{ http: { paths: [] } }] }), ['spec.rules[0].http.paths: Required value']],
  ['no type', rule({ pathType: undefined }), [`${at}.pathType: Required value: pathType must be specified`]],
  [
    'type',
    rule({ pathType: 'Regex' }),
    [`${at}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`],
  ],
  ['relative', rule({ path: 'a' }), [`${at}.path: Invalid value: "a": must be an absolute path`]],
  ['empty', rule({ path: '' }), [`${at}.path: Invalid value: "": must be an absolute path`]],
  ['slashes', rule({ path: '/a//b' }), [`${at}.path: Invalid value: "/a//b": must not contain '//'`]],
  ['escaped', rule({ path: '/a%2Fb' }), [`${at}.path: Invalid value: "/a%2Fb": must not contain '%2F'`]],
  ['upwards', rule({ path: '/a/..' }), [`${at}.path: Invalid value: "/a/..": cannot end with '/..'`]],
  ['whatever', rule({ pathType: 'ImplementationSpecific', path: '/a//b' }), []],
  ['nothing in particular', rule({ pathType: 'ImplementationSpecific', path: '' }), []],
  [
    'particular',
    rule({ pathType: 'ImplementationSpecific', path: 'a' }),
    [`${at}.path: Invalid value: "a": must be an absolute path`],
  ],
  [
    'address',
    rule({}, '1.2.3.4'),
    ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
  ],
  ['host', rule({}, 'A'), [expect.stringContaining('spec.rules[0].host: Invalid value: "A"')]],
  ['wildcard', rule({}, '*.example.com'), []],
  ['wildcard within', rule({}, 'a.*.com'), [expect.stringContaining('a wildcard DNS-1123 subdomain must start with')]],
  ['certificates', one({ defaultBackend: web, tls: [{ hosts: ['*.a.io', 'b.io'], secretName: 's' }] }), []],
  [
    'certificates of',
    one({ defaultBackend: web, tls: [{ hosts: ['A', '*'], secretName: 'S' }] }),
    [
      expect.stringContaining('spec.tls[0].hosts[0]: Invalid value: "A"'),
      expect.stringContaining('spec.tls[0].hosts[1]: Invalid value: "*"'),
      expect.stringContaining('spec.tls[0].secretName: Invalid value: "S"'),
    ],
  ],
  [
    'class',
    one({ defaultBackend: web, ingressClassName: 'A' }),
    [expect.stringContaining('spec.ingressClassName: Invalid value: "A"')],
  ],
  [
    'two classes',
    one({ defaultBackend: web, ingressClassName: 'a' }, { annotations: { 'kubernetes.io/ingress.class': 'b' } }),
    [
      'annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are specified',
    ],
  ],
])('create: %s', (_what, object, expected) => {
  expect(created(ingress, object)).toEqual(expected);
});

test.each<[string, any]>([
  ['a secret that never was a name', one({ defaultBackend: web, tls: [{ secretName: 'S' }] })],
  ['paths of a wildcard host', rule({ path: 'a' }, '*.a.io')],
  ['a service that begins with a digit', backend({ service: { name: '1a', port: { number: 1 } } })],
  [
    'two classes',
    one({ defaultBackend: web, ingressClassName: 'a' }, { annotations: { 'kubernetes.io/ingress.class': 'b' } }),
  ],
])('update: %s may stay', (_what, object) => {
  expect(created(ingress, object)).toHaveLength(1);
  expect(updated(ingress, object, structuredClone(object))).toEqual([]);
});

const points = (...list: any[]) => ({ loadBalancer: { ingress: list } });
test.each<[any, any, any[]]>([
  [points({ ip: '1.2.3.4' }, { hostname: 'a.io' }), {}, []],
  [
    points({ ip: 'x' }),
    {},
    [expect.stringContaining('status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address')],
  ],
  [points({ ip: 'x' }), points({ ip: 'x' }), []],
  [
    points({ hostname: 'A' }),
    {},
    [expect.stringContaining('status.loadBalancer.ingress[0].hostname: Invalid value: "A"')],
  ],
  [
    points({ hostname: '1.2.3.4' }),
    {},
    ['status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
  ],
])('%#: status', (status, old, expected) => {
  expect(texts(ingress.subresources![0]!.validateUpdate!(one({}, {}, status), one({}, {}, old)))).toEqual(expected);
});

test('strategy, warnings, columns', () => {
  const object = one(
    { rules: ['a', 'b', 'c', 'd'].map((host) => ({ host })), tls: [{}], ingressClassName: 'n' },
    {},
    points({ ip: '2.2.2.2' }, { hostname: 'h' }),
  );
  expect(cells(ingress, object)).toMatchObject({
    Class: 'n',
    Hosts: 'a,b,c + 1 more...',
    Address: '2.2.2.2,h',
    Ports: '80, 443',
  });
  expect(cells(ingress, backend(web))).toMatchObject({ Class: '<none>', Hosts: '*', Address: '', Ports: '80' });
  expect(ingress.warnings!(one({}, { annotations: { 'kubernetes.io/ingress.class': 'b' } }), undefined)).toEqual([
    'annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead',
  ]);
  const status = ingress.subresources!.find(({ name }) => name === 'status')!;
  expect(status.warnings!(one({}, {}, points({ ip: '01.2.3.4' })), one({}))).toEqual([
    expect.stringContaining('status.loadBalancer.ingress[0]: non-standard IP address'),
  ]);
  const same = one({}, {}, points({ ip: '01.2.3.4' }));
  expect(status.warnings!(same, same)).toEqual([]);
  ingress.prepareCreate!(object, {} as Context);
  expect(object.status).toEqual({ loadBalancer: {} });
});

const cls = (spec: any = {}): any => made(ingressClass, { spec: { controller: 'a.io/c', ...spec } });
const parameters = (fields: any) => cls({ parameters: { kind: 'K', name: 'n', ...fields } });
test.each<[string, any, any[]]>([
  ['fine', cls(), []],
  ['parameters', parameters({ scope: 'Namespace', namespace: 'n' }), []],
  ['no controller', cls({ controller: '' }), ['spec.controller: Required value']],
  [
    'controller',
    cls({ controller: 'c' }),
    ['spec.controller: Invalid value: "c": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  [
    'long controller',
    cls({ controller: `a.io/${'c'.repeat(246)}` }),
    ['spec.controller: Too long: may not be more than 250 bytes'],
  ],
  ['no kind', parameters({ kind: '' }), ['spec.parameters.kind: Required value']],
  [
    'scope',
    parameters({ scope: 'World' }),
    ['spec.parameters.scope: Unsupported value: "World": supported values: "Cluster", "Namespace"'],
  ],
  [
    'no namespace',
    parameters({ scope: 'Namespace' }),
    ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
  ],
  [
    'namespace',
    parameters({ scope: 'Namespace', namespace: 'N' }),
    [expect.stringContaining('spec.parameters.namespace: Invalid value: "N"')],
  ],
  [
    'namespace of the cluster',
    parameters({ namespace: 'n' }),
    ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
  ],
])('IngressClass: %s', (_what, object, expected) => {
  expect(created(ingressClass, object)).toEqual(expected);
});

test('an IngressClass says where its parameters are', () => {
  const object = parameters({});
  delete object.spec.parameters.scope;
  expect(created(ingressClass, object)).toEqual(['spec.parameters.scope: Required value']);
});

test('an IngressClass keeps its controller', () => {
  expect(updated(ingressClass, parameters({}), cls())).toEqual([]);
  expect(updated(ingressClass, cls({ controller: 'b.io/c' }), cls())).toEqual([
    'spec.controller: Invalid value: "b.io/c": field is immutable',
  ]);
  expect(cells(ingressClass, parameters({ apiGroup: 'g.io' }))).toMatchObject({
    Controller: 'a.io/c',
    Parameters: 'K.g.io/n',
  });
  expect(cells(ingressClass, cls()).Parameters).toBe('<none>');
});
