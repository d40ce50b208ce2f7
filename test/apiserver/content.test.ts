// What goes over the wire in each media type: bodies, answers, lists, watches and refusals.

import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readCbor, writeCbor } from '../../apiserver/codecs/cbor.ts';
import { decodeMessage } from '../../apiserver/codecs/protobuf/decode.ts';
import { message } from '../../apiserver/codecs/protobuf/messages.ts';
import { readProtobuf, writeProtobuf } from '../../apiserver/codecs/protobuf.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

const pb = 'application/vnd.kubernetes.protobuf';
const cbor = 'application/cbor';
const meta = ';as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const metaList = ';as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: Record<string, string> = {}) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, labels: { made: 'here' } },
  data,
});

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer({ flags: ['--feature-gates=CBORServingAndStorage=true'] });
  http = httpTo(server);
});
afterAll(async () => {
  http.close();
  await server.stop();
});

/** The first bytes of a watch, until `enough` holds. */
async function watchBytes(path: string, accept: string, enough: (bytes: Buffer) => boolean) {
  const pki = join(server.folder, 'pki');
  const read = (name: string) => readFileSync(join(pki, name));
  const agent = new https.Agent({ ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') });
  let bytes = Buffer.alloc(0);
  let type = '';
  const request = https.get(server.url + path, { agent, headers: { accept, 'accept-encoding': 'gzip' } }, (answer) => {
    type = `${answer.headers['content-type']}|${answer.headers['content-encoding'] ?? ''}`;
    answer.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    answer.on('error', () => {});
  });
  request.on('error', () => {});
  await until(() => enough(bytes));
  request.destroy();
  return { bytes, type };
}

describe('protobuf', () => {
  it('is taken and answered, with what Go writes of a bare object', async () => {
    const made = await http(maps, { body: writeProtobuf(configMap('pb', { a: 'b' })), type: pb, accept: pb });
    expect([made.code, made.headers['content-type']]).toEqual([201, pb]);
    const object = readProtobuf(made.bytes) as any;
    expect(object.data).toEqual({ a: 'b' });
    expect(object.metadata.managedFields[0].fieldsV1['f:data']).toEqual({ '.': {}, 'f:a': {} });
    const json = (await http(`${maps}/pb`)).json;
    expect(readProtobuf((await http(`${maps}/pb`, { accept: `${pb},application/json` })).bytes)).toEqual(json);
  });

  it('lists keep their envelope', async () => {
    const list = await http('/api/v1/namespaces/kube-system/configmaps', { accept: pb });
    const json = (await http('/api/v1/namespaces/kube-system/configmaps')).json;
    expect(list.headers['content-type']).toBe(pb);
    expect(readProtobuf(list.bytes)).toEqual(json);
  });

  it('an empty list is one', async () => {
    const list = readProtobuf((await http('/api/v1/namespaces/none/pods', { accept: pb })).bytes) as any;
    expect([list.kind, list.apiVersion, list.items]).toEqual(['PodList', 'v1', undefined]);
    expect(list.metadata.resourceVersion).toMatch(/^\d+$/);
  });

  it('watch frames are a length and an event with an object in its envelope', async () => {
    await http(maps, { body: configMap('watched') });
    const path = `${maps}?watch=1&fieldSelector=metadata.name%3Dwatched`;
    const whole = (b: Buffer) => b.length > 4 && b.length >= 4 + b.readUInt32BE(0);
    const { bytes, type } = await watchBytes(path, `${pb};stream=watch`, whole);
    expect(type).toBe(`${pb};stream=watch|`);
    const frame = bytes.subarray(4, 4 + bytes.readUInt32BE(0));
    // WatchEvent { type = 1, object = 2 { raw = 1 } }: the object is not JSON, so it is cut out by hand.
    expect(frame.subarray(0, 7).toString('latin1')).toBe('\n\x05ADDED');
    const object = readProtobuf(frame.subarray(frame.indexOf('k8s\0'))) as any;
    expect([object.kind, object.metadata.name]).toEqual(['ConfigMap', 'watched']);
  });

  it.each([
    ['one', `${maps}/kube-root-ca.crt`, meta, 'PartialObjectMetadata'],
    ['a list', '/apis/apps/v1/deployments', metaList, 'PartialObjectMetadataList'],
    ['a list of a kind without a message', '/apis/trace.mini-k8s.io/v1/writes', metaList, 'PartialObjectMetadataList'],
  ])('metadata alone of %s', async (_what, path, form, kind) => {
    if (path.endsWith('kube-root-ca.crt')) await http(maps, { body: configMap('kube-root-ca.crt') });
    const r = await http(path, { accept: pb + form });
    expect([r.code, (readProtobuf(r.bytes) as any).kind]).toEqual([200, kind]);
  });

  it('refusals are written in it', async () => {
    const r = await http(`${maps}/absent`, { accept: pb });
    expect([r.code, r.headers['content-type']]).toEqual([404, pb]);
    expect(readProtobuf(r.bytes)).toMatchObject({ kind: 'Status', reason: 'NotFound', code: 404 });
  });

  it.each([
    ['a Table', maps, `${pb};as=Table;g=meta.k8s.io;v=v1`],
    ['a kind without a message', '/apis/trace.mini-k8s.io/v1/writes', pb],
  ])('406 for %s', async (_what, path, accept) => {
    const r = await http(path, { accept });
    expect([r.code, r.headers['content-type']]).toEqual(
      [406, 'application/json'].map((x, i) => (i ? r.headers['content-type'] : x)),
    );
    expect(r.text).toContain('only the following media types are accepted: application/json');
  });

  it('a SubjectAccessReview, its answer, and DeleteOptions', async () => {
    const review = {
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
    };
    const r = await http('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      body: writeProtobuf(review),
      type: pb,
      accept: pb,
    });
    expect((readProtobuf(r.bytes) as any).status.allowed).toBe(true);
    await http(maps, { body: configMap('gone') });
    const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };
    const gone = await http(`${maps}/gone`, { method: 'DELETE', body: writeProtobuf(options), type: pb, accept: pb });
    expect([gone.code, (readProtobuf(gone.bytes) as any).details.kind]).toEqual([200, 'configmaps']);
  });
});

describe('zero values', () => {
  it("are written for Go's values and not for its pointers", () => {
    // PodSpec: restartPolicy and the three host flags are values, priority is a pointer.
    const written = writeProtobuf({ kind: 'Pod', apiVersion: 'v1', metadata: {}, spec: {} });
    const spec = message('k8s.io.api.core.v1.PodSpec')!;
    const always = spec.fields.filter((f) => f.value).map((f) => f.name);
    expect(always).toEqual([
      'restartPolicy',
      'dnsPolicy',
      'serviceAccountName',
      'serviceAccount',
      'nodeName',
      'hostNetwork',
      'hostPID',
      'hostIPC',
      'hostname',
      'subdomain',
      'schedulerName',
      'priorityClassName',
    ]);
    expect(decodeMessage(written.subarray(written.length), spec)).toEqual({});
    expect((readProtobuf(written) as any).spec).toEqual({});
  });
});

describe('CBOR behind its gate', () => {
  it('is taken and answered: strings as byte strings, []byte behind tag 22', async () => {
    const secret = { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'cbor' }, data: { key: 'aGVsbG8=' } };
    const made = await http('/api/v1/namespaces/default/secrets', {
      body: writeCbor(secret),
      type: cbor,
      accept: cbor,
    });
    expect([made.code, made.headers['content-type']]).toEqual([201, cbor]);
    expect(made.bytes.subarray(0, 3).toString('hex')).toBe('d9d9f7');
    expect(made.bytes.includes(Buffer.from('d645', 'hex'))).toBe(true);
    expect(made.bytes.includes(Buffer.from([0x44, ...Buffer.from('kind')]))).toBe(true);
    expect(readCbor(made.bytes)).toEqual((await http('/api/v1/namespaces/default/secrets/cbor')).json);
  });

  it('lists, metadata and Tables', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps';
    expect(readCbor((await http(path, { accept: cbor })).bytes)).toEqual((await http(path)).json);
    const table = `;as=Table;g=meta.k8s.io;v=v1`;
    const [inCbor, inJson] = [
      await http(path, { accept: cbor + table }),
      await http(path, { accept: `application/json${table}` }),
    ];
    expect((readCbor(inCbor.bytes) as any).columnDefinitions).toEqual(inJson.json.columnDefinitions);
  });

  it('a watch is a sequence', async () => {
    const { bytes, type } = await watchBytes('/api/v1/namespaces?watch=1', cbor, (b) => b.includes('default'));
    expect(type).toBe('application/cbor-seq|');
    expect(bytes.subarray(0, 3).toString('hex')).toBe('d9d9f7');
  });

  it('is written in no order that a client could count on', async () => {
    const path = '/api/v1/namespaces/default';
    const before = (await http(path)).json.metadata.resourceVersion;
    await http(path, {
      method: 'PATCH',
      body: '{"metadata":{"labels":{"a":"b"}}}',
      type: 'application/merge-patch+json',
    });
    const watch = `/api/v1/namespaces?watch=1&fieldSelector=metadata.name=default&resourceVersion=${before}`;
    const texts = async (one: () => Promise<Buffer>) =>
      new Set(await Promise.all(Array.from({ length: 20 }, async () => (await one()).toString('hex'))));
    expect((await texts(async () => (await http(path, { accept: cbor })).bytes)).size).toBeGreaterThan(1);
    const event = async () => (await watchBytes(watch, cbor, (b) => b.length > 0)).bytes;
    const starts = new Set([...(await texts(event))].map((text) => text.slice(8, 10)));
    expect([...starts].sort()).toEqual(['44', '46']);
  });

  it('apply', async () => {
    const body = writeCbor(configMap('applied', { x: 'y' }));
    const path = `${maps}/applied?fieldManager=me`;
    const r = await http(path, { method: 'PATCH', body, type: 'application/apply-patch+cbor' });
    expect([r.code, r.json.data]).toEqual([201, { x: 'y' }]);
  });
});

describe('text', () => {
  it('YAML both ways, keys in order', async () => {
    const r = await http(maps, {
      body: 'kind: ConfigMap\nmetadata: {name: yaml}\ndata: {"on": "yes"}\n',
      type: 'application/yaml',
      accept: 'application/yaml',
    });
    expect([r.code, r.headers['content-type']]).toEqual([201, 'application/yaml']);
    expect(r.text.startsWith('apiVersion: v1\ndata:\n  "on": "yes"\nkind: ConfigMap\n')).toBe(true);
    const list = await http(maps, { accept: 'application/yaml' });
    expect(parse(list.text, { version: '1.1' }).items.length).toBe((await http(maps)).json.items.length);
    expect((await http('/api/v1/namespaces/none/pods', { accept: 'application/yaml' })).text).toContain('items: []\n');
  });

  // Clients' own tests compare whole texts: Go's encoder ends what programs read with a line feed, and text for eyes without one.
  it('how the text ends', async () => {
    await http(maps, { body: configMap('ends') });
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
    const cases: [string, object?][] = [
      [`${maps}/ends`],
      [`${maps}/ends`, { method: 'PUT', body: configMap('ends', { a: 'b' }) }],
      [`${maps}/ends`, { headers: table }],
      [maps],
      [maps, { headers: table }],
      [maps, { body: configMap('ends') }],
      [`${maps}/missing`],
      ['/api'],
      ['/api/v1'],
      ['/apis', { headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' } }],
    ];
    for (const [path, options] of cases) {
      const plain = await http(path, options);
      expect(plain.text, path).toBe(`${JSON.stringify(plain.json)}\n`);
      const pretty = await http(`${path}?pretty=1`, options);
      expect(pretty.text, path).toBe(JSON.stringify(pretty.json, null, 2));
    }
  });

  it('long answers are compressed for who takes it', async () => {
    await http(maps, { body: configMap('long', { text: 'x'.repeat(200 * 1024) }) });
    const headers = { 'accept-encoding': 'gzip' };
    for (const path of [`${maps}/long`, maps]) {
      const r = await http(path, { headers });
      expect([r.headers['content-encoding'], r.headers['vary']]).toEqual(['gzip', 'Accept-Encoding']);
      expect(gunzipSync(r.bytes).toString('utf8')).toBe((await http(path)).text);
    }
    expect((await http(`${maps}/yaml`, { headers })).headers['content-encoding']).toBeUndefined();
  });

  it('an unknown type of body is refused', async () => {
    const r = await http(maps, { body: '<a/>', type: 'application/xml' });
    expect([r.code, r.json.reason]).toEqual([415, 'UnsupportedMediaType']);
    expect(r.json.message).toBe(
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor',
    );
  });
});
