// Every rule of a CustomResourceDefinition: a case that is refused, with upstream's text, beside one that is let pass.
import { describe, expect, it } from 'vitest';
import { deepCopy } from '../../../apimachinery/deepCopy.ts';
import { errorBody, type FieldError } from '../../../apimachinery/fieldErrors.ts';
import { customResourceDefinition as kind } from '../../../apiserver/kinds/customResourceDefinition.ts';
import { crd } from './definitions.ts';

const texts = (errors: FieldError[]) => errors.map((e) => `${e.field}: ${errorBody(e)}`);

function fresh(definition: any): any {
  const { object } = kind.decode!(JSON.parse(JSON.stringify(definition)));
  kind.defaults!(object);
  kind.prepareCreate!(object, {} as never);
  return object;
}
const created = (definition: any) => texts(kind.validateCreate!(fresh(definition)));
function updated(before: any, after: any, status: any = {}): string[] {
  const old = fresh(before);
  Object.assign(old.status, status);
  const object = fresh(after);
  object.status = deepCopy(old.status);
  kind.prepareUpdate!(object, old, {} as never);
  return texts(kind.validateUpdate!(object, old));
}

/** A definition whose spec has this property. */
const having = (property: any) => crd('Widget', schemaOf({ type: 'object', properties: { p: property } }));
const schemaOf = (schema: any) => ({ schema: { openAPIV3Schema: schema } });
const at = 'spec.validation.openAPIV3Schema';
const p = `${at}.properties[p]`;

type Case = [name: string, definition: any, ...errors: string[]];

describe('spec', () => {
  const longGroup = crd('Widget', {}, { group: 'Stable.example.com' });
  const cases: Case[] = [
    ['a plain one', crd('Widget')],
    [
      'another name',
      { ...crd('Widget'), metadata: { name: 'x.stable.example.com' } },
      'metadata.name: Invalid value: "x.stable.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'a group in capitals',
      { ...longGroup, metadata: { name: 'widgets.Stable.example.com' } },
      expect.stringContaining('metadata.name: Invalid value: "widgets.Stable.example.com": a lowercase RFC 1123'),
      expect.stringContaining('spec.group: Invalid value: "Stable.example.com": a lowercase RFC 1123 subdomain'),
    ],
    [
      'a group without dot',
      crd('Widget', {}, { group: 'stable' }),
      'spec.group: Invalid value: "stable": should be a domain with at least one dot',
    ],
    ['no scope', crd('Widget', {}, { scope: undefined }), 'spec.scope: Required value'],
    [
      'another scope',
      crd('Widget', {}, { scope: 'Global' }),
      'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"',
    ],
    ['cluster scope', crd('Widget', {}, { scope: 'Cluster' })],
    [
      'no schema',
      crd('Widget', { schema: undefined }),
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ],
    [
      'a version in capitals',
      crd('Widget', { name: 'V1' }),
      expect.stringContaining('spec.versions[0].name: Invalid value: "V1": a DNS-1035 label'),
    ],
    [
      'a warning without deprecation',
      crd('Widget', { deprecationWarning: 'x' }),
      'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
    ],
    ['deprecated with a warning', crd('Widget', { deprecated: true, deprecationWarning: 'use v2' })],
    [
      'an unprintable warning',
      crd('Widget', { deprecated: true, deprecationWarning: 'a\nb' }),
      'spec.versions[0].deprecationWarning: Invalid value: "a\\nb": must only contain printable UTF-8 characters; non-printable character found at index 1',
    ],
    [
      'a long warning',
      crd('Widget', { deprecated: true, deprecationWarning: 'x'.repeat(257) }),
      expect.stringContaining('must be <= 256 characters long'),
    ],
    [
      'no storage version',
      crd('Widget', { storage: false }),
      expect.stringContaining('must have exactly one version marked as storage version'),
      'status.storedVersions: Invalid value: null: must have at least one stored version',
    ],
    [
      'two versions of one name',
      crd('Widget', {}, { versions: [version('v1', true), version('v1', false)] }),
      expect.stringContaining('must contain unique version names'),
    ],
    ['two versions', crd('Widget', {}, { versions: [version('v1', true), version('v2', false)] })],
    [
      'names that are none',
      crd(
        'Widget',
        {},
        { names: { plural: 'widgets', kind: 'Wid_get', singular: 'W', shortNames: ['ok', '1'], categories: ['All'] } },
      ),
      expect.stringContaining('spec.names.singular: Invalid value: "W": a DNS-1035 label'),
      expect.stringContaining(
        'spec.names.kind: Invalid value: "Wid_get": may have mixed case, but should otherwise match:',
      ),
      expect.stringContaining('spec.names.listKind: Invalid value: "Wid_getList": may have mixed case'),
      expect.stringContaining('spec.names.shortNames[1]: Invalid value: "1"'),
      expect.stringContaining('spec.names.categories[0]: Invalid value: "All"'),
    ],
    [
      'a list of the same kind',
      crd('Widget', {}, { names: { plural: 'widgets', kind: 'Widget', listKind: 'Widget' } }),
      'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same',
    ],
    [
      'no kind',
      crd('Widget', {}, { names: { plural: 'widgets' } }),
      'spec.names.singular: Required value',
      'spec.names.kind: Required value',
      'spec.names.listKind: Required value',
    ],
    [
      'preserveUnknownFields',
      crd('Widget', {}, { preserveUnknownFields: true }),
      'spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema',
      'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ],
    [
      'a protected group',
      crd('Widget', {}, { group: 'widgets.k8s.io' }),
      expect.stringContaining(
        'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have',
      ),
    ],
    [
      'a protected group with a bad word',
      annotated('widgets.k8s.io', 'fine'),
      expect.stringContaining(
        'metadata.annotations[api-approved.kubernetes.io]: Invalid value: "fine": protected groups',
      ),
    ],
    ['a protected group, approved', annotated('widgets.k8s.io', 'https://github.com/kubernetes/kubernetes/pull/1')],
    ['a protected group, unapproved', annotated('widgets.k8s.io', 'unapproved, for a test')],
  ];
  it.each(cases)('%s', (_, definition, ...errors) => expect(created(definition)).toEqual(errors));

  function version(name: string, storage: boolean): any {
    return { name, served: true, storage, schema: { openAPIV3Schema: { type: 'object' } } };
  }
  function annotated(group: string, approval: string): any {
    const definition = crd('Widget', {}, { group });
    definition.metadata.annotations = { 'api-approved.kubernetes.io': approval };
    return definition;
  }
});

describe('structural schemas', () => {
  const cases: Case[] = [
    [
      'type at the root',
      crd('Widget', schemaOf({ properties: {} })),
      `${at}.type: Required value: must not be empty at the root`,
    ],
    [
      'object at the root',
      crd('Widget', schemaOf({ type: 'string' })),
      `${at}.type: Invalid value: "string": must be object at the root`,
    ],
    [
      'unknown fields at the root',
      crd('Widget', schemaOf({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true })),
    ],
    ['a type of each field', having({}), `${p}.type: Required value: must not be empty for specified object fields`],
    ['no type beside int-or-string', having({ 'x-kubernetes-int-or-string': true })],
    [
      'a type of items',
      having({ type: 'array', items: {} }),
      `${p}.items.type: Required value: must not be empty for specified array items`,
    ],
    ['items of a list', having({ type: 'array' }), `${p}.items: Required value: must be specified`],
    [
      'no additionalProperties at the root',
      crd('Widget', schemaOf({ type: 'object', additionalProperties: { type: 'string' } })),
      `${at}.additionalProperties: Forbidden: must not be used at the root`,
    ],
    [
      'nothing but restrictions inside of anyOf',
      having({ type: 'string', anyOf: [{ type: 'string', description: 'x', default: 'x', nullable: true }] }),
      `${p}.anyOf[0].default: Forbidden: must be undefined to be structural`,
      `${p}.anyOf[0].description: Forbidden: must be empty to be structural`,
      `${p}.anyOf[0].nullable: Forbidden: must be false to be structural`,
      `${p}.anyOf[0].type: Forbidden: must be empty to be structural`,
      // Upstream's second walk refuses the default nowhere else.
    ],
    ['patterns inside of anyOf', having({ type: 'string', anyOf: [{ pattern: '^a' }, { maxLength: 3 }] })],
    [
      'int-or-string in the old way',
      having({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
    ],
    [
      'what anyOf names, outside as well',
      having({ type: 'object', anyOf: [{ properties: { a: { maxLength: 3 } } }] }),
      `${p}.properties[a]: Required value: because it is defined in ${p}.anyOf[0].properties[a]`,
    ],
    [
      'no metadata inside of anyOf',
      crd(
        'Widget',
        schemaOf({
          type: 'object',
          properties: { metadata: { type: 'object' } },
          allOf: [{ properties: { metadata: {} } }],
        }),
      ),
      `${at}.allOf[0].properties[metadata]: Forbidden: must not be specified in a nested context`,
    ],
    [
      'metadata only by its names',
      crd(
        'Widget',
        schemaOf({
          type: 'object',
          properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
        }),
      ),
      `${at}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
    ],
    [
      'metadata.name restricted',
      crd(
        'Widget',
        schemaOf({
          type: 'object',
          properties: { metadata: { type: 'object', properties: { name: { type: 'string', pattern: '^a' } } } },
        }),
      ),
    ],
    [
      'kind and apiVersion are strings',
      crd(
        'Widget',
        schemaOf({ type: 'object', properties: { kind: { type: 'integer' }, apiVersion: { type: 'string' } } }),
      ),
      `${at}.properties[kind].type: Invalid value: "integer": must be string`,
    ],
    [
      'embedded resources are objects',
      having({ type: 'string', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }),
      `${p}.type: Invalid value: "string": must be object if x-kubernetes-embedded-resource is true`,
    ],
    [
      'embedded resources specify something',
      having({ type: 'object', 'x-kubernetes-embedded-resource': true }),
      `${p}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
    ],
    [
      'an embedded resource',
      having({ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }),
    ],
    [
      'int-or-string preserves nothing',
      having({ 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true }),
      `${p}.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true`,
    ],
    [
      'patterns are RE2',
      having({ type: 'string', pattern: '(?=a)' }),
      `${p}.pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn't: error parsing regexp: invalid or unsupported Perl syntax: \`(?=\``,
    ],
  ];
  it.each(cases)('%s', (_, definition, ...errors) => expect(created(definition)).toEqual(errors));
});

describe('members', () => {
  const cases: Case[] = [
    [
      'another type',
      having({ type: 'text' }),
      `${p}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    ],
    [
      'null as a type',
      having({ type: 'null' }),
      expect.stringContaining(`${p}.type: Unsupported value: "null"`),
      `${p}.type: Forbidden: type cannot be set to null, use nullable as an alternative`,
    ],
    [
      'uniqueItems',
      having({ type: 'array', uniqueItems: true, items: { type: 'string' } }),
      `${p}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
    ],
    [
      'properties and additionalProperties',
      having({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } }),
      `${p}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
    ],
    ['additionalProperties', having({ type: 'object', additionalProperties: { type: 'string' } })],
    ['id', having({ type: 'string', id: 'x' }), `${p}.id: Forbidden: id is not supported`],
    ['$ref', having({ type: 'string', $ref: '#/x' }), `${p}.$ref: Forbidden: $ref is not supported`],
    [
      'patternProperties',
      having({ type: 'object', patternProperties: { a: { type: 'string' } } }),
      `${p}.patternProperties: Forbidden: patternProperties is not supported`,
    ],
    [
      'definitions',
      having({ type: 'object', definitions: { a: { type: 'string' } } }),
      `${p}.definitions: Forbidden: definitions is not supported`,
    ],
    [
      'dependencies',
      having({ type: 'object', dependencies: { a: ['b'] } }),
      `${p}.dependencies: Forbidden: dependencies is not supported`,
    ],
    [
      'additionalItems',
      having({ type: 'array', items: { type: 'string' }, additionalItems: false }),
      `${p}.additionalItems: Forbidden: additionalItems is not supported`,
    ],
    [
      'preserve-unknown-fields: false',
      having({ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }),
      `${p}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
    ],
    [
      'nullable at the root',
      crd('Widget', schemaOf({ type: 'object', nullable: true })),
      `${at}.nullable: Forbidden: nullable cannot be true at the root`,
    ],
    [
      'anyOf at the root beside a status',
      crd('Widget', { ...schemaOf({ type: 'object', not: {} }), subresources: { status: {} } }),
      expect.stringContaining(`${at}: Invalid value: {"type":"object","not":{}}: only [Description Type Format Title`),
    ],
    [
      'a type at the root beside a status',
      crd('Widget', { ...schemaOf({ type: 'object', required: ['spec'] }), subresources: { status: {} } }),
    ],
  ];
  it.each(cases)('%s', (_, definition, ...errors) => expect(created(definition)).toEqual(errors));
});

describe('lists and maps', () => {
  const items = {
    type: 'object',
    required: ['a'],
    properties: { a: { type: 'string' }, b: { type: 'string' }, c: { type: 'object' } },
  };
  const map = (keys: string[], more: any = {}, of: any = items) =>
    having({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys, items: of, ...more });
  const set = (of: any) => having({ type: 'array', 'x-kubernetes-list-type': 'set', items: of });
  const cases: Case[] = [
    ['a map', map(['a'])],
    [
      'a key that may be absent',
      map(['a', 'b']),
      `${p}.items.properties[b].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
    ],
    [
      'a key with a default',
      map(['a', 'b'], {}, { ...items, properties: { ...items.properties, b: { type: 'string', default: 'x' } } }),
    ],
    [
      'a key that is no property',
      map(['a', 'z']),
      `${p}.x-kubernetes-list-map-keys: Invalid value: ["a","z"]: entries must all be names of item properties`,
    ],
    [
      'a key twice',
      map(['a', 'a']),
      `${p}.x-kubernetes-list-map-keys: Invalid value: ["a","a"]: must not contain duplicate entries`,
    ],
    [
      'no keys',
      map([]),
      `${p}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
    [
      'a key that is no scalar',
      map(['a', 'c'], {}, { ...items, required: ['a', 'c'] }),
      `${p}.items.properties[c].type: Invalid value: "object": must be a scalar type if parent array's x-kubernetes-list-type is map`,
    ],
    [
      'items that are no objects',
      map(['a'], {}, { type: 'string' }),
      `${p}.items.type: Invalid value: "string": must be object if parent array's x-kubernetes-list-type is map`,
    ],
    [
      'items that may be null',
      map(['a'], {}, { ...items, nullable: true }),
      `${p}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is map`,
    ],
    [
      'keys without map',
      having({ type: 'array', 'x-kubernetes-list-map-keys': ['a'], items }),
      `${p}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty`,
    ],
    [
      'another list type',
      having({ type: 'array', 'x-kubernetes-list-type': 'bag', items }),
      `${p}.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"`,
    ],
    [
      'a list type of no list',
      having({ type: 'object', 'x-kubernetes-list-type': 'set' }),
      `${p}.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified`,
    ],
    ['a set of scalars', set({ type: 'string' })],
    [
      'a set of maps',
      set({ type: 'object' }),
      `${p}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`,
    ],
    ['a set of atomic maps', set({ type: 'object', 'x-kubernetes-map-type': 'atomic' })],
    [
      'a set of sets',
      set({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }),
      `${p}.items.x-kubernetes-list-type: Invalid value: "set": must be atomic as item of a list with x-kubernetes-list-type=set`,
    ],
    [
      'another map type',
      having({ type: 'object', 'x-kubernetes-map-type': 'x' }),
      `${p}.x-kubernetes-map-type: Unsupported value: "x": supported values: "atomic", "granular"`,
    ],
    [
      'a map type of no map',
      having({ type: 'string', 'x-kubernetes-map-type': 'atomic' }),
      `${p}.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified`,
    ],
  ];
  it.each(cases)('%s', (_, definition, ...errors) => expect(created(definition)).toEqual(errors));
});

describe('defaults', () => {
  const cases: Case[] = [
    ['one that fits', having({ type: 'integer', default: 1 })],
    [
      'one of another type',
      having({ type: 'integer', default: 'x' }),
      `${p}.default: Invalid value: "string": ${p}.default in body must be of type integer: "string"`,
    ],
    [
      'one with unknown fields',
      having({ type: 'object', default: { z: 1 }, properties: { a: { type: 'string' } } }),
      `${p}.default: Invalid value: {"z":1}: must not have unknown fields`,
    ],
    [
      'one in metadata',
      crd(
        'Widget',
        schemaOf({
          type: 'object',
          properties: { metadata: { type: 'object', properties: { name: { type: 'string', default: 'x' } } } },
        }),
      ),
      `${at}.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata`,
    ],
    [
      'one inside of anyOf',
      having({ type: 'string', anyOf: [{ default: 'x' }] }),
      `${p}.anyOf[0].default: Forbidden: must be undefined to be structural`,
    ],
    [
      'an embedded resource without kind',
      having({
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
        default: { apiVersion: 'v1' },
      }),
      `${p}.default.kind: Required value: must not be empty`,
    ],
  ];
  it.each(cases)('%s', (_, definition, ...errors) => expect(created(definition)).toEqual(errors));
});

describe('columns, subresources, selectable fields', () => {
  const column = (c: any) => crd('Widget', { additionalPrinterColumns: [c] });
  const scale = (s: any) => crd('Widget', { subresources: { scale: s } });
  const select = (...paths: string[]) => crd('Widget', { selectableFields: paths.map((jsonPath) => ({ jsonPath })) });
  const right = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  const cases: Case[] = [
    ['a column', column({ name: 'A', type: 'string', jsonPath: '.spec.a' })],
    [
      'a column of nothing',
      column({}),
      'spec.additionalPrinterColumns[0].name: Required value',
      'spec.additionalPrinterColumns[0].type: Required value: must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[0].JSONPath: Required value',
    ],
    [
      'a column of another type, format and path',
      column({ name: 'A', type: 'text', format: 'f', jsonPath: 'spec' }),
      'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[0].format: Invalid value: "f": must be one of byte,date,date-time,double,float,int32,int64,password',
      'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
    ],
    ['a scale', scale({ ...right, labelSelectorPath: '.status.selector' })],
    [
      'a scale of nothing',
      scale({}),
      'spec.subresources.scale.specReplicasPath: Required value',
      'spec.subresources.scale.statusReplicasPath: Required value',
    ],
    [
      'a scale elsewhere',
      scale({ specReplicasPath: '.status.x', statusReplicasPath: '.spec.x', labelSelectorPath: '.x' }),
      'spec.subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path under .spec',
      'spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.x": should be a json path under .status',
      'spec.subresources.scale.labelSelectorPath: Invalid value: ".x": should be a json path under either .spec or .status',
    ],
    ['selectable fields', select('.spec.size', '.spec.color')],
    [
      'one twice',
      select('.spec.size', '.spec.size'),
      'spec.selectableFields[1].jsonPath: Duplicate value: ".spec.size"',
    ],
    [
      'one that is no scalar',
      select('.spec'),
      expect.stringContaining('must point to a field of type string, boolean or integer'),
    ],
    [
      'one that is not there',
      select('.spec.z'),
      expect.stringContaining('spec.selectableFields[0].jsonPath: Invalid value: ".spec.z": is an invalid path'),
    ],
    ['an empty one', select(''), 'spec.selectableFields[0].jsonPath: Required value'],
  ];
  it.each(cases)('%s', (_, definition, ...errors) => expect(created(definition)).toEqual(errors));
});

describe('conversion', () => {
  const path = 'spec.conversion';
  const with_ = (conversion: any) => crd('Widget', {}, { conversion });
  const hook = (clientConfig: any, more: any = {}) =>
    with_({ strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig, ...more } });
  const cases: Case[] = [
    ['None', with_({ strategy: 'None' })],
    [
      'another strategy',
      with_({ strategy: 'Magic' }),
      `${path}.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"`,
    ],
    [
      'a webhook of None',
      with_({ strategy: 'None', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://x' } } }),
      `${path}.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook`,
      `${path}.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook`,
    ],
    [
      'no webhook',
      with_({ strategy: 'Webhook' }),
      `${path}.webhookClientConfig: Required value: required when strategy is set to Webhook`,
      `${path}.conversionReviewVersions: Required value`,
    ],
    ['a url', hook({ url: 'https://example.com/convert' })],
    ['a service', hook({ service: { name: 'a', namespace: 'b', path: '/convert' } })],
    ['neither', hook({}), `${path}.webhookClientConfig: Required value: exactly one of url or service is required`],
    [
      'http',
      hook({ url: 'http://example.com' }),
      `${path}.webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    ],
    [
      'user, query and fragment',
      hook({ url: 'https://u@example.com?a=b#c' }),
      `${path}.webhookClientConfig.url: Invalid value: "u": user information is not permitted in the URL; desired format: https://host[/path]`,
      `${path}.webhookClientConfig.url: Invalid value: "c": fragments are not permitted in the URL; desired format: https://host[/path]`,
      `${path}.webhookClientConfig.url: Invalid value: "a=b": query parameters are not permitted in the URL; desired format: https://host[/path]`,
    ],
    [
      'a service without names',
      hook({ service: { port: 70000, path: 'xx' } }),
      `${path}.webhookClientConfig.service.name: Required value: service name is required`,
      `${path}.webhookClientConfig.service.namespace: Required value: service namespace is required`,
      `${path}.webhookClientConfig.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive`,
      `${path}.webhookClientConfig.service.path: Invalid value: "xx": must start with a '/'`,
    ],
    [
      'review versions',
      hook({ url: 'https://x' }, { conversionReviewVersions: ['v9', 'v9'] }),
      `${path}.conversionReviewVersions[1]: Invalid value: "v9": duplicate version`,
      `${path}.conversionReviewVersions: Invalid value: ["v9","v9"]: must include at least one of v1, v1beta1`,
    ],
    ['a CA bundle that is none, before it is in use', hook({ url: 'https://x', caBundle: 'YWJj' })],
  ];
  it.each(cases)('%s', (_, definition, ...errors) => expect(created(definition)).toEqual(errors));
  it('refuses a CA bundle that is none once it is in use', () => {
    const status = { conditions: [{ type: 'Established', status: 'True' }] };
    expect(updated(crd('Widget'), hook({ url: 'https://x', caBundle: 'YWJj' }), status)).toEqual([
      `${path}.webhookClientConfig.caBundle: Invalid value: "YWJj": unable to load root certificates: unable to parse bytes as PEM block`,
    ]);
    expect(
      updated(hook({ url: 'https://x', caBundle: 'YWJj' }), hook({ url: 'https://y', caBundle: 'YWJj' }), status),
    ).toEqual([]);
  });
});

describe('updates', () => {
  const established = { conditions: [{ type: 'Established', status: 'True' }] };
  it('keep group and plural, and once established scope and kind', () => {
    const renamed = crd(
      'Widget',
      {},
      { names: { plural: 'gadgets', kind: 'Gadget', singular: 'widget' }, scope: 'Cluster' },
    );
    expect(updated(crd('Widget'), renamed)).toEqual([
      'spec.names.plural: Invalid value: "gadgets": field is immutable',
    ]);
    expect(updated(crd('Widget'), renamed, established)).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'spec.names.kind: Invalid value: "Gadget": field is immutable',
      'spec.names.plural: Invalid value: "gadgets": field is immutable',
    ]);
  });
  it('keep versions that objects may be stored in', () => {
    const next = crd('Widget', { name: 'v2' });
    expect(updated(crd('Widget'), next)).toEqual([
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ]);
    expect(updated(crd('Widget'), next, { storedVersions: ['v2'] })).toEqual([]);
  });
  it('may keep what was wrong before the rules were there', () => {
    const loose = having({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } });
    const changed = deepCopy(loose);
    changed.spec.names.shortNames = ['w'];
    expect(updated(loose, changed)).toEqual([]);
    expect(updated(crd('Widget'), loose)).toHaveLength(1);
  });
});
