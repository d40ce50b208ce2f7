import { describe, expect, it } from 'vitest';
import { negotiate, type Offer } from '../../apiserver/codecs/negotiate.ts';

const builtin: Offer = { forms: true, protobuf: true, cbor: false, watch: false };
const custom: Offer = { ...builtin, protobuf: false };
const pb = 'application/vnd.kubernetes.protobuf';

const cases: [string | undefined, Offer, string, string, string][] = [
  [undefined, builtin, 'application/json', 'object', ''],
  ['*/*', builtin, 'application/json', 'object', ''],
  ['application/*', builtin, 'application/json', 'object', ''],
  ['application/json', builtin, 'application/json', 'object', ''],
  ['application/yaml', builtin, 'application/yaml', 'object', ''],
  [`${pb}, application/json`, builtin, pb, 'object', ''],
  [`*/*, ${pb}`, builtin, pb, 'object', ''],
  [`${pb}, application/json`, custom, 'application/json', 'object', ''],
  [`${pb};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, custom, pb, 'PartialObjectMetadata', 'meta.k8s.io/v1'],
  [
    `${pb};as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io`,
    builtin,
    'application/json',
    'Table',
    'meta.k8s.io/v1',
  ],
  [
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
    builtin,
    'application/json',
    'Table',
    'meta.k8s.io/v1',
  ],
  ['application/json;as=Table;v=v9;g=meta.k8s.io, application/json', builtin, 'application/json', 'object', ''],
  ['application/json;as=Table, application/yaml', builtin, 'application/yaml', 'object', ''],
  ['application/yaml;q=0.5, application/json', builtin, 'application/json', 'object', ''],
  ['application/yaml;stream=watch, application/json', builtin, 'application/json', 'object', ''],
  [`${pb};stream=watch`, { ...builtin, watch: true }, pb, 'object', ''],
  ['application/cbor, application/json', builtin, 'application/json', 'object', ''],
  ['application/cbor', { ...builtin, cbor: true }, 'application/cbor', 'object', ''],
  ['application/cbor-seq', { ...builtin, cbor: true, watch: true }, 'application/cbor', 'object', ''],
];

const three = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const refused: [string, Offer, string][] = [
  ['text/html', builtin, three],
  ['application/cbor', builtin, three],
  ['text/html', { ...builtin, cbor: true }, `${three}, application/cbor`],
  ['application/json;as=Table;v=v9;g=meta.k8s.io', builtin, three],
  ['application/json;as=Table;v=v1;g=meta.k8s.io', { ...builtin, forms: false }, three],
  [`${pb};as=Table;v=v1;g=meta.k8s.io`, builtin, three],
  [pb, custom, three],
  [
    'application/yaml',
    { ...builtin, watch: true },
    'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  ],
];

describe('negotiate', () => {
  it.each(cases)('%s of %o', (accept, offer, media, form, formVersion) => {
    const e = negotiate(accept, false, offer);
    expect([e.media.name, e.form, e.formVersion]).toEqual([media, form, formVersion]);
  });

  it.each(refused)('406 for %s of %o', (accept, offer, text) => {
    expect(() => negotiate(accept, false, offer)).toThrow(`only the following media types are accepted: ${text}`);
  });

  it('a parameter of the type asks for text for eyes', () => {
    expect(negotiate('application/json;pretty=1', false, builtin).pretty).toBe(true);
    expect(negotiate(`${pb};pretty=1`, true, builtin).pretty).toBe(false);
  });
});
