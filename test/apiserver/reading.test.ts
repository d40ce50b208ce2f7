import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

let counter = 0;
const cms = (ns: string) => `/api/v1/namespaces/${ns}/configmaps`;
const labelled = (name: string, labels: Record<string, string> = {}) => ({ metadata: { name, labels } });
const nameOf = (o: any): string => o.metadata.name;

/** A namespace of the test's own with so many ConfigMaps, `c00` and up. */
async function filled(count: number): Promise<string> {
  const name = `r${++counter}`;
  await http('/api/v1/namespaces', { body: { metadata: { name } } });
  for (let i = 0; i < count; i++) await http(cms(name), { body: labelled(`c${String(i).padStart(2, '0')}`) });
  return name;
}
const current = async () => (await http('/api/v1/namespaces?limit=1')).json.metadata.resourceVersion;
const relabel = (ns: string, name: string, value: string | null) =>
  http(`${cms(ns)}/${name}`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { metadata: { labels: { in: value } } },
  });

describe('the versions that a list may ask for', () => {
  let ns: string;
  let first: string;
  beforeAll(async () => {
    ns = await filled(3);
    first = (await http(cms(ns))).json.metadata.resourceVersion;
    await http(cms(ns), { body: labelled('c03') });
  });
  // resourceVersion, match, limit → how many objects, whether it is the exact version, whether more follow.
  const rows: [string, string, string, number, 'exact' | 'later', boolean][] = [
    ['', '', '', 4, 'later', false],
    ['', '', '2', 2, 'later', true],
    ['0', '', '', 4, 'later', false],
    ['0', '', '2', 4, 'later', false],
    ['0', 'NotOlderThan', '2', 4, 'later', false],
    ['N', '', '', 4, 'later', false],
    ['N', '', '2', 2, 'exact', true],
    ['N', 'NotOlderThan', '', 4, 'later', false],
    ['N', 'NotOlderThan', '2', 2, 'later', true],
    ['N', 'Exact', '', 3, 'exact', false],
    ['N', 'Exact', '2', 2, 'exact', true],
  ];
  it.each(rows)('resourceVersion=%s match=%s limit=%s', async (version, match, limit, count, which, more) => {
    const q = new URLSearchParams();
    if (version) q.set('resourceVersion', version === 'N' ? first : version);
    if (match) q.set('resourceVersionMatch', match);
    if (limit) q.set('limit', limit);
    const { items, metadata } = (await http(`${cms(ns)}?${q}`)).json;
    expect([items.length, metadata.continue !== undefined]).toEqual([count, more]);
    if (which === 'exact') expect(metadata.resourceVersion).toBe(first);
    else expect(Number(metadata.resourceVersion)).toBeGreaterThan(Number(first));
  });

  const listOptions = 'ListOptions.meta.k8s.io "" is invalid: ';
  const forbids = (field: string, why: string) => `${listOptions}${field}: Forbidden: ${why}`;
  const token = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const goodToken = token({ v: 'meta.k8s.io/v1', rv: 1, start: 'default/x\0' });
  const invalid = 'invalid continue token: continue key is not valid';
  const refusals: [string, number, string][] = [
    [
      'resourceVersionMatch=Exact',
      422,
      forbids('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    ],
    [
      'resourceVersionMatch=Exact&resourceVersion=0',
      422,
      forbids('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    ],
    [
      `resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=${goodToken}`,
      422,
      forbids('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
    ],
    [
      'resourceVersionMatch=Best&resourceVersion=1',
      422,
      `${listOptions}resourceVersionMatch: Unsupported value: "Best": supported values: "Exact", "NotOlderThan", ""`,
    ],
    ['sendInitialEvents=false', 422, forbids('sendInitialEvents', 'sendInitialEvents is forbidden for list')],
    [`resourceVersion=1&continue=${goodToken}`, 400, 'specifying resource version is not allowed when using continue'],
    [
      'resourceVersion=-1',
      400,
      'invalid resource version: resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax',
    ],
    [
      `resourceVersion=x&continue=${goodToken}`,
      400,
      'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ],
    ['limit=a', 400, 'strconv.ParseInt: parsing "a": invalid syntax'],
    ['timeoutSeconds=1s', 400, 'strconv.ParseInt: parsing "1s": invalid syntax'],
    ['continue=%20', 400, `${invalid}: illegal base64 data at input byte 0`],
    [
      `continue=${token({ v: 'v2', rv: 1, start: 'x' })}`,
      400,
      `${invalid}: server does not recognize this encoded version v2`,
    ],
    [
      `continue=${token({ v: 'meta.k8s.io/v1', start: 'x' })}`,
      400,
      `${invalid}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)`,
    ],
    [
      `continue=${token({ v: 'meta.k8s.io/v1', rv: 1 })}`,
      400,
      `${invalid}: encoded start key empty (version meta.k8s.io/v1)`,
    ],
    [`continue=${token({ v: 'meta.k8s.io/v1', rv: 1, start: '../secrets/' })}`, 400, `${invalid}: ../secrets/`],
  ];
  it.each(refusals)('refuses %s', async (query, code, text) => {
    const r = await http(`${cms('default')}?${query}`);
    expect([r.code, r.json.message]).toEqual([code, text]);
  });

  it.concurrent('waits 3 s for a version that does not come, then says when to try again', async () => {
    const from = Date.now();
    const r = await http(`${cms('default')}?resourceVersion=999999999`);
    expect(Date.now() - from).toBeGreaterThan(2900);
    expect(r.headers['retry-after']).toBe('1');
    expect(r.json).toMatchObject({
      code: 504,
      reason: 'Timeout',
      message: expect.stringMatching(/^Timeout: Too large resource version: 999999999, current: \d+$/),
      details: {
        retryAfterSeconds: 1,
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      },
    });
  });
});

describe('pages', () => {
  it('of one snapshot count exactly what follows, while others write', async () => {
    const ns = await filled(10);
    let page = (await http(`${cms(ns)}?limit=3`)).json;
    const { resourceVersion } = page.metadata;
    const seen: string[] = [];
    const left: (number | undefined)[] = [];
    for (let i = 0; ; i++) {
      seen.push(...page.items.map(nameOf));
      left.push(page.metadata.remainingItemCount);
      expect(page.metadata.resourceVersion).toBe(resourceVersion);
      if (!page.metadata.continue) break;
      await http(cms(ns), { body: labelled(`d${i}`) });
      await http(`${cms(ns)}/c0${9 - i}`, { method: 'DELETE' });
      page = (await http(`${cms(ns)}?limit=3&continue=${page.metadata.continue}`)).json;
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `c0${i}`));
    expect(left).toEqual([7, 4, 1, undefined]);
  });

  it('with a selector count nothing', async () => {
    const ns = await filled(0);
    for (let i = 0; i < 6; i++) await http(cms(ns), { body: labelled(`c${i}`, { odd: String(i % 2) }) });
    const one = (await http(`${cms(ns)}?limit=2&labelSelector=odd%3D1`)).json;
    expect(one.items.map(nameOf)).toEqual(['c1', 'c3']);
    expect(one.metadata.remainingItemCount).toBeUndefined();
    const two = (await http(`${cms(ns)}?limit=2&labelSelector=odd%3D1&continue=${one.metadata.continue}`)).json;
    expect([two.items.map(nameOf), two.metadata.continue]).toEqual([['c5'], undefined]);
  });
});

describe('selectors', () => {
  const refusals: [string, string, string][] = [
    ['/api/v1/pods', 'spec.x=1', 'field label not supported: spec.x'],
    ['/api/v1/nodes', 'metadata.namespace=x', 'field label not supported: metadata.namespace'],
    [
      '/api/v1/configmaps',
      'data=1',
      '"data" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['/api/v1/configmaps', 'data', "invalid selector: 'data'; can't understand 'data'"],
  ];
  it.each(refusals)(
    '%s refuses the field selector %s on list, watch and deletecollection',
    async (path, fields, text) => {
      const query = `fieldSelector=${encodeURIComponent(fields)}`;
      for (const r of [
        await http(`${path}?${query}`),
        await http(`${path}?watch=1&${query}`),
        await http(
          `${path.replace('/v1/', '/v1/namespaces/default/').replace('/namespaces/default/nodes', '/nodes')}?${query}`,
          {
            method: 'DELETE',
          },
        ),
      ])
        expect([r.code, r.json.reason, r.json.message]).toEqual([400, 'BadRequest', text]);
    },
  );
  it('a cluster-wide kind of no own fields takes metadata.namespace', async () => {
    expect(
      (await http('/apis/rbac.authorization.k8s.io/v1/clusterroles?fieldSelector=metadata.namespace%3D')).code,
    ).toBe(200);
  });
  it('delete a collection by a set of labels and by a name that is not', async () => {
    const ns = await filled(0);
    for (const tier of ['a', 'b', 'c', 'd']) await http(cms(ns), { body: labelled(tier, { tier }) });
    const query = `labelSelector=${encodeURIComponent('tier in (a,b,c),tier notin (c)')}&fieldSelector=metadata.name!%3Db`;
    const r = await http(`${cms(ns)}?limit=1&${query}`, { method: 'DELETE' });
    expect(r.json.items.map(nameOf)).toEqual(['a']);
    expect((await http(cms(ns))).json.items.map(nameOf)).toEqual(['b', 'c', 'd']);
  });
  it('delete a collection whole, however small its pages', async () => {
    const ns = await filled(5);
    expect((await http(`${cms(ns)}?limit=2`, { method: 'DELETE' })).json.items.length).toBe(5);
    expect((await http(cms(ns))).json.items.length).toBe(0);
  });
});

describe('watch', () => {
  const notOlder = 'resourceVersionMatch=NotOlderThan';
  const forbidden = 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ';
  const refusals: [string, string][] = [
    ['sendInitialEvents=false', `${forbidden}sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`],
    [notOlder, `${forbidden}resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided`],
    [
      `${notOlder}&sendInitialEvents=true&continue=x`,
      `${forbidden}resourceVersionMatch is forbidden when continue is provided`,
    ],
    [
      'resourceVersionMatch=Exact&sendInitialEvents=true',
      `ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]`,
    ],
  ];
  it.each(refusals)('refuses %s', async (query, text) => {
    const r = await http(`${cms('default')}?watch=true&${query}`);
    expect([r.code, r.json.message]).toEqual([422, text]);
  });

  // Query → does it begin with the state, is the state's end marked?
  const starts: [string, boolean, boolean][] = [
    ['', true, false],
    ['allowWatchBookmarks=true', true, true],
    ['resourceVersion=0&allowWatchBookmarks=true', true, true],
    [`${notOlder}&sendInitialEvents=true`, true, false],
    [`${notOlder}&sendInitialEvents=true&resourceVersion=1&allowWatchBookmarks=1`, true, true],
    [`${notOlder}&sendInitialEvents=false&allowWatchBookmarks=true`, false, false],
    [`${notOlder}&sendInitialEvents=false&resourceVersion=0`, false, false],
  ];
  it.concurrent.each(starts)('%s starts as it should', async (query, state, marked) => {
    const ns = await filled(1);
    const w = watchOf(server, `${cms(ns)}?watch=true&timeoutSeconds=1&${query}`);
    await w.done;
    const seen = w.events.map((e) => (e.object.metadata.annotations?.['k8s.io/initial-events-end'] ? 'END' : e.type));
    const last = query.includes('allowWatchBookmarks') ? ['BOOKMARK'] : [];
    expect(seen).toEqual([...(state ? ['ADDED'] : []), ...(marked ? ['END'] : []), ...last]);
  });

  it.concurrent('ends by itself behind a last bookmark of the newest version', async () => {
    const ns = await filled(1);
    const from = await current();
    const w = watchOf(
      server,
      `${cms(ns)}?watch=true&timeoutSeconds=3&resourceVersion=${from}&allowWatchBookmarks=true`,
    );
    const other = await http(cms('default'), { body: { metadata: { generateName: 'other-' } } });
    await w.done;
    expect(w.events.map((e) => e.type)).toEqual(['BOOKMARK']);
    expect(Number(w.events[0].object.metadata.resourceVersion)).toBeGreaterThanOrEqual(
      Number(other.json.metadata.resourceVersion),
    );
  });

  it('goes on from the version of the first object of a kind, whatever happened since', async () => {
    const path = '/api/v1/namespaces/default/podtemplates';
    const template = { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } };
    const made = (await http(path, { body: { metadata: { name: 'first' }, ...template } })).json;
    await http(cms('default'), { body: { metadata: { generateName: 'other-' } } });
    await http(`${path}/first`, { method: 'DELETE' });
    const w = watchOf(server, `${path}?watch=1&resourceVersion=${made.metadata.resourceVersion}`);
    await until(() => w.events.length > 0);
    w.close();
    expect(w.events.map((e) => e.type)).toEqual(['DELETED']);
  });

  it('shows what goes out of view as it was, at the version of the change', async () => {
    const ns = await filled(0);
    const w = watchOf(server, `${cms(ns)}?watch=true&labelSelector=in%3Dyes&resourceVersion=${await current()}`);
    await http(cms(ns), { body: labelled('x') });
    const shown = (await relabel(ns, 'x', 'yes')).json;
    const gone = (await relabel(ns, 'x', 'no')).json;
    await until(() => w.events.length === 2);
    w.close();
    expect(w.events[0]).toEqual({ type: 'ADDED', object: shown });
    const { resourceVersion } = gone.metadata;
    expect(w.events[1]).toEqual({
      type: 'DELETED',
      object: { ...shown, metadata: { ...shown.metadata, resourceVersion } },
    });
  });

  it.concurrent('of one name, by selector and by the old path', async () => {
    const ns = await filled(2);
    const paths = [
      `${cms(ns)}?watch=true&fieldSelector=metadata.name%3Dc01&timeoutSeconds=1`,
      `/api/v1/watch/namespaces/${ns}/configmaps/c01?timeoutSeconds=1`,
    ];
    for (const path of paths) {
      const w = watchOf(server, path);
      await w.done;
      expect(w.events.map((e) => nameOf(e.object))).toEqual(['c01']);
    }
    const r = await http(`/api/v1/watch/namespaces/${ns}/configmaps/c01?fieldSelector=metadata.name%3Dc00`);
    expect([r.code, r.json.message]).toEqual([400, "fieldSelector metadata.name doesn't match requested name"]);
  });
  it.concurrent.each([
    ['/api/v1/watch/namespaces'],
    ['/api/v1/watch/namespaces/default'],
    ['/api/v1/watch/configmaps'],
    ['/api/v1/watch/namespaces/kube-system/configmaps'],
    ['/apis/rbac.authorization.k8s.io/v1/watch/clusterroles'],
    ['/apis/rbac.authorization.k8s.io/v1/watch/namespaces/kube-system/roles'],
  ])('the old path %s answers', async (path) => {
    const w = watchOf(server, `${path}?timeoutSeconds=1`);
    await w.done;
    expect(w.events.length).toBeGreaterThan(0);
    expect(new Set(w.events.map((e) => e.type))).toEqual(new Set(['ADDED']));
  });
  it('the old paths are asked for as watches', async () => {
    const jane = { 'impersonate-user': 'jane' };
    const r = await http('/api/v1/watch/namespaces/default/configmaps', { headers: jane });
    expect(r.json.message).toBe(
      'configmaps is forbidden: User "jane" cannot watch resource "configmaps" in API group "" in the namespace "default"',
    );
  });

  it.concurrent('from a version that has not come and does not come is told to list anew', async () => {
    const w = watchOf(server, `${cms('default')}?watch=true&resourceVersion=999999999`);
    const initial = watchOf(
      server,
      `${cms('default')}?watch=true&resourceVersion=999999999&${notOlder}&sendInitialEvents=true`,
    );
    await w.done;
    expect(w.events).toEqual([
      {
        type: 'ERROR',
        object: expect.objectContaining({
          code: 410,
          reason: 'Expired',
          message: expect.stringMatching(/^too old resource version: 999999999 \(\d+\)$/),
        }),
      },
    ]);
    await initial.done;
    expect(initial.events[0]).toMatchObject({ type: 'ERROR', object: { code: 504, reason: 'Timeout' } });
  });
});
