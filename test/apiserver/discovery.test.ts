// What is served, told to clients in each form.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readProtobuf } from '../../apiserver/codecs/protobuf.ts';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

const pb = 'application/vnd.kubernetes.protobuf';
const form = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http.close();
  await server.stop();
});

describe('one document a path', () => {
  it.each([
    ['/api', 'APIVersions'],
    ['/apis', 'APIGroupList'],
    ['/apis/', 'APIGroupList'],
    ['/apis/apps', 'APIGroup'],
    ['/apis/apps/', 'APIGroup'],
    ['/api/v1', 'APIResourceList'],
    ['/apis/apps/v1', 'APIResourceList'],
  ])('%s is a %s in JSON, YAML and protobuf', async (path, kind) => {
    const json = (await http(path)).json;
    expect(json.kind).toBe(kind);
    expect(json.apiVersion).toBe(path.startsWith('/apis') ? 'v1' : undefined);
    const yaml = await http(path, { accept: 'application/yaml' });
    expect(parse(yaml.text, { version: '1.1' })).toEqual(json);
    const inProtobuf = await http(path, { accept: pb });
    expect(inProtobuf.headers['content-type']).toBe(pb);
    expect(readProtobuf(inProtobuf.bytes)).toEqual({ apiVersion: '', ...json });
  });

  it('the legacy versions say where the server is', async () => {
    const { json } = await http('/api');
    expect(json.versions).toEqual(['v1']);
    expect(json.serverAddressByClientCIDRs).toEqual([
      { clientCIDR: '0.0.0.0/0', serverAddress: expect.stringMatching(/:\d+$/) },
    ]);
  });

  it('what is not there is not found, in plain text', async () => {
    const r = await http('/apis/nothing.example.com');
    expect([r.code, r.text]).toEqual([404, '404 page not found\n']);
  });
});

describe('all in one', () => {
  it.each([
    ['/api', 'application/json'],
    ['/apis', 'application/json'],
    ['/apis', 'application/yaml'],
    ['/apis', pb],
  ])('%s as %s', async (path, type) => {
    const r = await http(path, { accept: type + form });
    expect(r.headers).toMatchObject({ 'content-type': type + form, vary: 'Accept', 'cache-control': 'public' });
    const read = type === pb ? (readProtobuf(r.bytes) as any) : parse(r.text, { version: '1.1' });
    expect([read.kind, read.apiVersion]).toEqual(['APIGroupDiscoveryList', 'apidiscovery.k8s.io/v2']);
    const groups = read.items.map((g: any) => g.metadata.name ?? '');
    expect(groups).toEqual(
      path === '/api' ? [''] : expect.arrayContaining(['apps', 'batch', 'rbac.authorization.k8s.io']),
    );
    if (path === '/api') return;
    const apps = read.items.find((g: any) => g.metadata.name === 'apps').versions[0];
    expect(apps).toMatchObject({ version: 'v1', freshness: 'Current' });
    const { responseKind, scope, subresources } = apps.resources.find((r: any) => r.resource === 'deployments');
    expect([responseKind.kind, scope]).toEqual(['Deployment', 'Namespaced']);
    expect(subresources.map((s: any) => s.subresource)).toEqual(['scale', 'status']);
  });

  it('304 for who has it', async () => {
    const accept = `application/json${form}`;
    const etag = String((await http('/apis', { accept })).headers['etag']);
    expect(etag).toMatch(/^"[0-9A-F]{128}"$/);
    const again = await http('/apis', { accept, headers: { 'if-none-match': etag } });
    expect([again.code, again.text, again.headers['etag']]).toEqual([304, '', etag]);
  });

  it('the beta form is served no more: clients that know no other get the old documents', async () => {
    const beta = `application/json${form.replace('v=v2', 'v=v2beta1')}`;
    expect((await http('/apis', { accept: `${beta},application/json` })).json.kind).toBe('APIGroupList');
    expect((await http('/apis', { accept: beta })).code).toBe(406);
  });
});
