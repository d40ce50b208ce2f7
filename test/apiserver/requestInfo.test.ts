import { describe, expect, it } from 'vitest';
import { requestInfo } from '../../apiserver/requestInfo.ts';

const none = {
  isResource: false,
  group: '',
  version: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  rest: '',
};
const cases: [string, string, string, object][] = [
  [
    'GET',
    '/api/v1/namespaces/default/pods',
    '',
    { verb: 'list', version: 'v1', namespace: 'default', resource: 'pods' },
  ],
  [
    'GET',
    '/api/v1/namespaces/default/pods',
    'watch=1',
    { verb: 'watch', version: 'v1', namespace: 'default', resource: 'pods' },
  ],
  [
    'GET',
    '/api/v1/namespaces/default/pods',
    'watch=false',
    { verb: 'list', version: 'v1', namespace: 'default', resource: 'pods' },
  ],
  [
    'GET',
    '/api/v1/pods',
    'fieldSelector=metadata.name%3Dx',
    { verb: 'list', version: 'v1', resource: 'pods', name: 'x' },
  ],
  ['GET', '/api/v1/watch/pods', '', { verb: 'watch', version: 'v1', resource: 'pods' }],
  [
    'POST',
    '/apis/apps/v1/namespaces/a/deployments',
    '',
    { verb: 'create', group: 'apps', version: 'v1', namespace: 'a', resource: 'deployments' },
  ],
  [
    'PUT',
    '/apis/apps/v1/namespaces/a/deployments/web/status',
    '',
    {
      verb: 'update',
      group: 'apps',
      version: 'v1',
      namespace: 'a',
      resource: 'deployments',
      name: 'web',
      subresource: 'status',
    },
  ],
  [
    'DELETE',
    '/api/v1/namespaces/a/pods',
    '',
    { verb: 'deletecollection', version: 'v1', namespace: 'a', resource: 'pods' },
  ],
  [
    'DELETE',
    '/api/v1/namespaces/a/pods/x',
    '',
    { verb: 'delete', version: 'v1', namespace: 'a', resource: 'pods', name: 'x' },
  ],
  [
    'GET',
    '/api/v1/namespaces/a',
    '',
    { verb: 'get', version: 'v1', namespace: 'a', resource: 'namespaces', name: 'a' },
  ],
  [
    'PUT',
    '/api/v1/namespaces/a/finalize',
    '',
    { verb: 'update', version: 'v1', namespace: 'a', resource: 'namespaces', name: 'a', subresource: 'finalize' },
  ],
  [
    'GET',
    '/api/v1/namespaces/a/services/s/proxy/x/y',
    '',
    { verb: 'get', version: 'v1', namespace: 'a', resource: 'services', name: 's', subresource: 'proxy', rest: 'x/y' },
  ],
  ['GET', '/api/v1/nodes/n%2e1', '', { verb: 'get', version: 'v1', resource: 'nodes', name: 'n.1' }],
];

describe('requestInfo', () => {
  it.each(cases)('%s %s?%s', (method, path, query, want) => {
    expect(requestInfo(method, path, new URLSearchParams(query))).toEqual({ ...none, isResource: true, ...want });
  });
  it.each([['/healthz'], ['/apis'], ['/api'], ['/'], ['/openapi/v3']])('%s is no resource', (path) => {
    expect(requestInfo('GET', path, new URLSearchParams())).toEqual({ ...none, verb: 'get' });
  });
  it('keeps the group version of a discovery path', () => {
    expect(requestInfo('GET', '/apis/apps/v1', new URLSearchParams())).toEqual({
      ...none,
      verb: 'get',
      group: 'apps',
      version: 'v1',
    });
  });
  it('throws on a broken escape', () => {
    expect(() => requestInfo('GET', '/api/v1/nodes/%zz', new URLSearchParams())).toThrow(URIError);
  });
});
