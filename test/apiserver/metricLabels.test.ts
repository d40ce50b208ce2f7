import { expect, test } from 'vitest';
import { requestLabels } from '../../apiserver/metricLabels.ts';

const info = (verb: string, more: object = {}) => ({
  verb,
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'a',
  name: '',
  isResource: true,
  ...more,
});
const one = { name: 'p' };
const applyType = { 'content-type': 'application/apply-patch+yaml' };

test.each<[string, object, object, string, object]>([
  ['create', {}, {}, '', { verb: 'POST', scope: 'resource' }],
  ['update', one, {}, '', { verb: 'PUT', scope: 'resource' }],
  ['patch', one, {}, '', { verb: 'PATCH', scope: 'resource' }],
  ['patch', one, applyType, '', { verb: 'APPLY', scope: 'resource' }],
  ['get', one, {}, '', { verb: 'GET', scope: 'resource' }],
  ['list', {}, {}, '', { verb: 'LIST', scope: 'namespace' }],
  ['watch', { namespace: '' }, {}, '', { verb: 'WATCH', scope: 'cluster' }],
  ['deletecollection', {}, {}, '', { verb: 'DELETECOLLECTION', scope: 'namespace' }],
  ['delete', one, {}, 'dryRun=All', { verb: 'DELETE', dry_run: 'All' }],
  ['delete', one, {}, 'dryRun=All&dryRun=All', { dry_run: 'All' }],
  ['delete', one, {}, 'dryRun=anything', { dry_run: 'invalid' }],
  ['create', { ...one, subresource: 'exec' }, {}, '', { verb: 'CONNECT', subresource: 'exec', scope: 'resource' }],
  ['get', { namespace: '', resource: '', isResource: false }, {}, '', { verb: 'GET', scope: '' }],
])('%s %j %j %s is counted as %j', (verb, more, headers, query, labels) => {
  const counted = requestLabels({ info: info(verb, more), headers, query: new URLSearchParams(query) } as never);
  expect(counted).toMatchObject({ component: 'apiserver', ...labels });
});
