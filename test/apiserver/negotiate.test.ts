import { describe, expect, it } from 'vitest';
import { negotiate } from '../../apiserver/codecs/negotiate.ts';

const cases: [string | undefined, string, string, string][] = [
  [undefined, 'application/json', 'object', ''],
  ['*/*', 'application/json', 'object', ''],
  ['application/json', 'application/json', 'object', ''],
  ['application/yaml', 'application/yaml', 'object', ''],
  ['application/vnd.kubernetes.protobuf, application/json', 'application/json', 'object', ''],
  [
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
    'application/json',
    'Table',
    'meta.k8s.io/v1',
  ],
  [
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    'application/json',
    'PartialObjectMetadataList',
    'meta.k8s.io/v1',
  ],
  ['application/json;as=Table;v=v9;g=meta.k8s.io, application/json', 'application/json', 'object', ''],
  ['application/yaml;q=0.5, application/json', 'application/json', 'object', ''],
];

describe('negotiate', () => {
  it.each(cases)('%s', (accept, media, form, formVersion) => {
    const e = negotiate(accept, false);
    expect([e.media.name, e.form, e.formVersion]).toEqual([media, form, formVersion]);
  });
  it('answers 406 when nothing fits', () => {
    expect(() => negotiate('text/html', false)).toThrow(
      'only the following media types are accepted: application/json, application/yaml',
    );
    expect(() => negotiate('application/json;as=Table;v=v9;g=meta.k8s.io', false)).toThrow(
      'only the following media types are accepted',
    );
  });
});
