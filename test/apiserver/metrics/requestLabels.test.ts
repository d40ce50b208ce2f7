import { expect, test } from 'vitest';
import { requestLabels } from '../../../apiserver/metrics/requestLabels.ts';

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
const isServed = (_group: string, _version: string, plural: string) =>
  plural === 'pods' ? { subresources: [{ name: 'exec' }, { name: 'status' }] as never } : undefined;
const names = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
const counted = (of: object, headers: object = {}, query = '', path = '/x') => {
  const found = requestLabels({ info: of, headers, path, query: new URLSearchParams(query) } as never, isServed);
  return found && { ...Object.fromEntries(found.labels.map((value, i) => [names[i], value])), dryRun: found.dryRun };
};

test.each<[string, object, object, string, object]>([
  ['create', {}, {}, '', { verb: 'POST', scope: 'resource' }],
  ['update', one, {}, '', { verb: 'PUT', scope: 'resource' }],
  ['patch', one, {}, '', { verb: 'PATCH', scope: 'resource' }],
  ['patch', one, applyType, '', { verb: 'APPLY', scope: 'resource' }],
  ['get', one, {}, '', { verb: 'GET', scope: 'resource' }],
  ['list', {}, {}, '', { verb: 'LIST', scope: 'namespace' }],
  ['watch', { namespace: '' }, {}, '', { verb: 'WATCH', scope: 'cluster' }],
  ['deletecollection', {}, {}, '', { verb: 'DELETECOLLECTION', scope: 'namespace' }],
  ['delete', one, {}, 'dryRun=All', { verb: 'DELETE', dryRun: 'All' }],
  ['delete', one, {}, 'dryRun=All&dryRun=All', { dryRun: 'All' }],
  ['delete', one, {}, 'dryRun=anything', { dryRun: 'invalid' }],
  ['create', { ...one, subresource: 'exec' }, {}, '', { verb: 'CONNECT', subresource: 'exec', scope: 'resource' }],
  ['get', { namespace: '', resource: '', isResource: false }, {}, '', { verb: 'GET', scope: '' }],
])('%s %j %j %s is counted as %j', (verb, more, headers, query, labels) => {
  expect(counted(info(verb, more), headers, query)).toMatchObject({ component: 'apiserver', ...labels });
});

test('health has its path, and no component', () => {
  const probe = { ...info('get'), resource: '', isResource: false };
  expect(counted(probe, {}, '', '/livez')).toMatchObject({ subresource: '/livez', component: '', version: '' });
  expect(counted(probe, {}, '', '/made-up')).toMatchObject({ subresource: '', version: '' });
});

test.each<[string, object]>([
  ['a resource that is not served', { resource: 'nonsense' }],
  ['a subresource that is not there', { ...one, subresource: 'nonsense' }],
  ['a method that is no verb', { verb: '' }],
])('%s is not counted: nobody can make up series', (_what, more) => {
  expect(counted({ ...info('get'), ...more })).toBeUndefined();
});
