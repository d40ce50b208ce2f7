// Rows of discovery, old and aggregated, of the version and of a Table that cannot be had. Reads only, but for two CRDs.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { makeCrd, uniqueGroup } from '../crd.ts';
import type { Context } from '../harness/context.ts';
import { skip } from '../harness/context.ts';
import { protobufType, writeProtobuf } from '../harness/protobuf.ts';
import { type Row, row } from '../row.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
/** As client-go offers them. */
const clientAccept = `${aggregated},${aggregated.replace('v=v2', 'v=v2beta1')},application/json`;

/** The set G of the facts: a resource of each group version that must be there. */
const expected: [apiVersion: string, resource: string][] = [
  ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations'],
  ['apiextensions.k8s.io/v1', 'customresourcedefinitions'],
  ['apiregistration.k8s.io/v1', 'apiservices'],
  ['apps/v1', 'deployments'],
  ['authentication.k8s.io/v1', 'tokenreviews'],
  ['authorization.k8s.io/v1', 'selfsubjectaccessreviews'],
  ['autoscaling/v1', 'horizontalpodautoscalers'],
  ['autoscaling/v2', 'horizontalpodautoscalers'],
  ['batch/v1', 'jobs'],
  ['certificates.k8s.io/v1', 'certificatesigningrequests'],
  ['coordination.k8s.io/v1', 'leases'],
  ['discovery.k8s.io/v1', 'endpointslices'],
  ['events.k8s.io/v1', 'events'],
  ['networking.k8s.io/v1', 'ingresses'],
  ['node.k8s.io/v1', 'runtimeclasses'],
  ['policy/v1', 'poddisruptionbudgets'],
  ['scheduling.k8s.io/v1', 'priorityclasses'],
  ['storage.k8s.io/v1', 'csinodes'],
  ['v1', 'namespaces'],
];
const ofGroups = expected.filter(([apiVersion]) => apiVersion.includes('/'));

export const discoveryRows: Row[] = [
  row('api.discovery.aggregated-accept', async (c) => {
    const groups = await c.json('/apis', aggregated);
    for (const [apiVersion, resource] of ofGroups)
      assert.ok(has(groups, apiVersion, resource), `${apiVersion} ${resource}`);
    assert.ok(has(await c.json('/api', aggregated), 'v1', 'namespaces'));
  }),
  row('api.discovery.aggregated-accept-crd', async (c) => {
    const crd = await testCrd(c);
    await c.poll(1000, 60_000, 'the CRD is in the aggregated document', async () =>
      has(await c.json('/apis', aggregated), crd.apiVersion, 'testcrds'),
    );
  }),
  row('api.discovery.aggregated-client', async (c) => {
    const found = await clientResources(c);
    for (const [apiVersion, resource] of expected) assert.ok(found(apiVersion, resource), `${apiVersion} ${resource}`);
  }),
  row('api.discovery.aggregated-client-crd', async (c) => {
    const crd = await testCrd(c);
    await c.poll(1000, 60_000, 'the client finds the CRD', async () =>
      (await clientResources(c))(crd.apiVersion, 'testcrds'),
    );
  }),
  row('api.discovery.preferred-version', async (c) => {
    await newerThan(c, '1.13.99');
    const list = await c.json('/apis/');
    assert.equal(list.kind, 'APIGroupList');
    assert.ok(list.groups.length > 0);
    for (const { name } of list.groups.filter((g: any) => !g.name.endsWith('.example.com'))) {
      const group = await c.json(`/apis/${name}/`);
      assert.equal(group.kind, 'APIGroup');
      assert.equal(group.name, name);
      const versions = group.versions.map((v: any) => v.groupVersion);
      assert.ok(versions.length > 0, `versions of ${name}`);
      assert.ok(versions.includes(group.preferredVersion.groupVersion), `preferred version of ${name}`);
    }
  }),
  row('api.discovery.group-resources', async (c) => {
    await newerThan(c, '1.13.99');
    for (const [apiVersion, resource] of expected) {
      const list = await c.json(`${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}`);
      assert.equal(list.kind, 'APIResourceList');
      assert.equal(list.groupVersion, apiVersion);
      assert.ok(
        list.resources.some((r: any) => r.name === resource),
        `${resource} in ${apiVersion}`,
      );
    }
  }),
  row('api.version.server', async (c) => {
    const { major, minor } = await c.json('/version');
    assert.match(major, /^[1-9]$/);
    assert.match(minor, /^[^0-9]*[0-9]+[^0-9]*$/);
  }),
  row('api.table.not-acceptable', async (c) => {
    await newerThan(c, '1.9.99');
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace: 'default', verb: 'get', resource: 'nodes' } },
    };
    const reply = await c.raw('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      body: writeProtobuf(review),
      type: protobufType,
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    assert.equal(reply.code, 406);
    assert.equal(reply.json.kind, 'Status');
    assert.equal(reply.json.code, 406);
    assert.equal(reply.json.reason, 'NotAcceptable');
  }),
];

const testCrd = (c: Context) =>
  makeCrd(c, { group: uniqueGroup(c), plural: 'testcrds', kind: 'TestCrd', scope: 'Namespaced', strict: true });

/** Whether a document of aggregated discovery names it. */
function has(document: any, apiVersion: string, resource: string): boolean {
  assert.equal(document.kind, 'APIGroupDiscoveryList');
  const [version, group = ''] = apiVersion.split('/').reverse();
  const item = document.items.find((i: any) => (i.metadata?.name ?? '') === group);
  const found = item?.versions.find((v: any) => v.version === version);
  return found?.resources.some((r: any) => r.resource === resource) ?? false;
}

/** client-go's GroupsAndMaybeResources: it takes resources from the two documents alone, and only under this content type. */
async function clientResources(c: Context): Promise<(apiVersion: string, resource: string) => boolean> {
  const documents: any[] = [];
  for (const path of ['/api', '/apis']) {
    const reply = await c.raw(path, { accept: clientAccept });
    assert.equal(reply.code, 200);
    const parts = String(reply.headers['content-type'])
      .split(';')
      .map((p) => p.trim());
    assert.equal(parts[0], 'application/json');
    for (const part of ['g=apidiscovery.k8s.io', 'as=APIGroupDiscoveryList'])
      assert.ok(parts.includes(part), `${part} in the content type of ${path}: ${parts}`);
    assert.ok(
      parts.includes('v=v2') || parts.includes('v=v2beta1'),
      `version in the content type of ${path}: ${parts}`,
    );
    documents.push(reply.json);
  }
  return (apiVersion, resource) => documents.some((d) => has(d, apiVersion, resource));
}

async function newerThan(c: Context, version: string): Promise<void> {
  const { gitVersion } = await c.json('/version');
  const numbers = /^v(\d+)\.(\d+)\.(\d+)/.exec(String(gitVersion));
  assert.ok(numbers, `gitVersion ${gitVersion}`);
  const [, least = 0, patch = 0] = version.split('.').map(Number);
  const [major = 0, minor = 0, p = 0] = numbers.slice(1).map(Number);
  if (major === 1 && (minor < least || (minor === least && p <= patch)))
    skip(`gitVersion ${gitVersion} is not above ${version}`);
}
