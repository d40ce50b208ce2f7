// A random history, watched from many places at once: what each watcher has been told replays to the list at that version.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../kit/http.ts';
import { type EtcdServer, etcdMissing, startEtcd } from './storage/etcdServer.ts';

/** Numbers that are the same in each run: mulberry32. */
function numbers(seed: number): (below: number) => number {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const namespaces = ['h1', 'h2'];
const colors = ['red', 'blue', 'green'];
type View = Map<string, any>;
const idOf = (o: any) => `${o.metadata.namespace}/${o.metadata.name}`;
const versionOf = (o: any) => Number(o.metadata.resourceVersion);

/** What a watcher looks at; `sees` is the same said of one object. */
interface Look {
  path: string;
  query: string;
  sees(o: any): boolean;
}
const looks: Look[] = [
  { path: '/api/v1/configmaps', query: 'labelSelector=in', sees: () => true },
  ...namespaces.map((ns) => ({
    path: `/api/v1/namespaces/${ns}/configmaps`,
    query: 'labelSelector=in',
    sees: (o: any) => o.metadata.namespace === ns,
  })),
  ...colors.map((color) => ({
    path: '/api/v1/configmaps',
    query: `labelSelector=${encodeURIComponent(`in,color=${color}`)}`,
    sees: (o: any) => o.metadata.labels.color === color,
  })),
  {
    path: '/api/v1/configmaps',
    query: `labelSelector=${encodeURIComponent('in,color notin (red),!none')}`,
    sees: (o) => o.metadata.labels.color !== 'red',
  },
  {
    path: '/api/v1/namespaces/h1/configmaps',
    query: 'fieldSelector=metadata.name%3Dc1&labelSelector=in',
    sees: (o) => idOf(o) === 'h1/c1',
  },
  {
    path: '/api/v1/configmaps',
    query: `fieldSelector=metadata.name!%3Dc1,metadata.namespace%3Dh2&labelSelector=${encodeURIComponent('in,color in (red,green)')}`,
    sees: (o) => o.metadata.namespace === 'h2' && o.metadata.name !== 'c1' && o.metadata.labels.color !== 'blue',
  },
];

/** One connection of a watcher: the state that it began with, and what it was told. */
interface Segment {
  from: number;
  state?: any[];
  /** The state comes as the first events, up to a bookmark. */
  streamed: boolean;
  watch: ReturnType<typeof watchOf>;
}

/** Lists and watches, watches with the state in the stream, or goes on from the last version; again and again. */
class Watcher {
  readonly segments: Segment[] = [];
  readonly look: Look;
  readonly #server: TestApiServer;
  readonly #http: Http;
  constructor(server: TestApiServer, http: Http, look: Look) {
    this.#server = server;
    this.#http = http;
    this.look = look;
  }

  async connect(how: number): Promise<void> {
    const { path, query } = this.look;
    const open = (more: string) =>
      watchOf(this.#server, `${path}?watch=true&allowWatchBookmarks=true&${query}&${more}`);
    const last = this.segments.at(-1);
    const seen = last && lastVersion(last);
    if (how === 0 || (how === 2 && !seen)) {
      const { metadata, items } = (await this.#http(`${path}?${query}`)).json;
      const from = Number(metadata.resourceVersion);
      this.segments.push({ from, state: items, streamed: false, watch: open(`resourceVersion=${from}`) });
    } else if (how === 1) {
      const watch = open('sendInitialEvents=true&resourceVersionMatch=NotOlderThan');
      await until(() => watch.events.some(isEndOfState));
      const end = watch.events.find(isEndOfState);
      this.segments.push({ from: versionOf(end.object), streamed: true, watch });
    } else this.segments.push({ from: seen!, streamed: false, watch: open(`resourceVersion=${seen}`) });
  }

  disconnect(): void {
    this.segments.at(-1)?.watch.close();
  }
}

const isEndOfState = (e: any) => e.object.metadata?.annotations?.['k8s.io/initial-events-end'] === 'true';

function lastVersion({ from, watch }: Segment): number {
  const last = watch.events.at(-1);
  return last && last.type !== 'ERROR' ? Math.max(from, versionOf(last.object)) : from;
}

/** The objects after each version at which something changed, from the events of one who saw everything. */
function statesOf(events: any[]): Map<number, View> {
  const states = new Map<number, View>();
  const view: View = new Map();
  for (const { type, object } of events) {
    if (type === 'BOOKMARK') continue;
    if (type === 'DELETED') view.delete(idOf(object));
    else view.set(idOf(object), object);
    states.set(versionOf(object), new Map(view));
  }
  return states;
}

function stateAt(states: Map<number, View>, versions: number[], version: number): View {
  const at = versions.findLast((v) => v <= version);
  return (at !== undefined && states.get(at)) || new Map();
}

/** A view of objects to compare: sorted, each at its version. */
const shown = (objects: Iterable<any>) =>
  [...objects].map((o) => `${idOf(o)}@${o.metadata.resourceVersion} ${o.metadata.labels.color} ${o.data?.n}`).sort();

function check(watcher: Watcher, states: Map<number, View>): number {
  const versions = [...states.keys()];
  const expected = (version: number) => {
    const truth = [...stateAt(states, versions, version).values()].filter(watcher.look.sees);
    return shown(truth);
  };
  let view: View = new Map();
  let checks = 0;
  for (const segment of watcher.segments) {
    let events = segment.watch.events;
    if (segment.state) view = new Map(segment.state.map((o) => [idOf(o), o]));
    if (segment.streamed) {
      const end = events.findIndex(isEndOfState);
      view = new Map(events.slice(0, end).map((e) => [idOf(e.object), e.object]));
      events = events.slice(end + 1);
    }
    expect(shown(view.values())).toEqual(expected(segment.from));
    let before = segment.from;
    for (const { type, object } of events) {
      const version = versionOf(object);
      expect(version).toBeGreaterThanOrEqual(before);
      if (type === 'BOOKMARK') expect(shown(view.values())).toEqual(expected(version));
      else {
        expect(version).toBeGreaterThan(before);
        // Nothing happened between that this watcher should have been told.
        expect(shown(view.values())).toEqual(expected(version - 1));
        expect([type, view.has(idOf(object))]).toEqual([type, type !== 'ADDED']);
        if (type === 'DELETED') view.delete(idOf(object));
        else view.set(idOf(object), object);
        const told = `${type} ${shown([object])[0]} at ${version} to ${watcher.look.path}?${watcher.look.query}`;
        expect(shown(view.values()), told).toEqual(expected(version));
      }
      before = version;
      checks++;
    }
  }
  return checks;
}

const stores: [string, boolean][] = [
  ['the embedded store', false],
  ['etcd', true],
];
describe.each(stores)('on %s', (_name, onEtcd) => {
  let etcd: EtcdServer | undefined;
  let server: TestApiServer;
  let http: Http & { close(): void };
  const skip = onEtcd && etcdMissing !== undefined;
  beforeAll(async () => {
    if (skip) return;
    if (onEtcd) etcd = await startEtcd();
    server = await startTestApiServer({ etcd: etcd?.endpoint });
    http = httpTo(server);
    for (const name of namespaces) await http('/api/v1/namespaces', { body: { metadata: { name } } });
  });
  afterAll(async () => {
    http?.close();
    await server?.stop();
    await etcd?.remove();
  });

  it.skipIf(skip)(
    'every watcher’s view replays to the list at its version',
    async () => {
      const random = numbers(onEtcd ? 7 : 3);
      const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
      const all = new Watcher(server, http, looks[0]!);
      await all.connect(0);
      const watchers = looks.flatMap((look) => [new Watcher(server, http, look), new Watcher(server, http, look)]);
      for (const watcher of watchers) await watcher.connect(random(2));

      let written = 0;
      async function write(): Promise<void> {
        const [ns, name, color, how] = [pick(namespaces), `c${random(6)}`, pick(colors), random(10)];
        const path = `/api/v1/namespaces/${ns}/configmaps`;
        const labels = { in: 'yes', color };
        const n = String(written++);
        if (how < 4) await http(path, { body: { metadata: { name, labels }, data: { n } } });
        else if (how < 6) await http(`${path}/${name}`, { method: 'DELETE' });
        else {
          // Relabelled, changed, or (the data stays) perhaps left as it is.
          const body =
            how < 8 ? { metadata: { labels } } : how < 9 ? { data: { n } } : { metadata: { labels: { in: 'yes' } } };
          await http(`${path}/${name}`, { method: 'PATCH', type: 'application/merge-patch+json', body });
        }
      }
      for (let round = 0; round < 60; round++) {
        await Promise.all(Array.from({ length: 6 }, write));
        const watcher = pick(watchers);
        watcher.disconnect();
        if (random(2)) await write();
        await watcher.connect(random(3));
      }
      const listed = (await http(`${looks[0]!.path}?${looks[0]!.query}`)).json;
      const end = Number(listed.metadata.resourceVersion);
      let last = end;
      // The end is told by one last change that everybody's selector hears of: bookmarks come too seldom.
      for (const ns of namespaces)
        for (const name of ['c1', 'c9'])
          for (const color of colors) {
            const path = `/api/v1/namespaces/${ns}/configmaps`;
            const body = { metadata: { name, labels: { in: 'yes', color } }, data: { n: 'end' } };
            let written = await http(path, { body });
            if (written.code === 409)
              written = await http(`${path}/${name}`, { method: 'PATCH', type: 'application/merge-patch+json', body });
            last = versionOf(written.json);
          }
      await until(() =>
        [all, ...watchers].every((w) => w.segments.at(-1)!.watch.events.some((e) => e.object.data?.n === 'end')),
      );
      // What the others are held against has to be there to the last.
      await until(() => lastVersion(all.segments[0]!) >= last);
      for (const watcher of [all, ...watchers]) watcher.disconnect();

      const states = statesOf(all.segments[0]!.watch.events);
      const versions = [...states.keys()];
      expect(versions.length).toBeGreaterThan(100);
      expect(shown(stateAt(states, versions, end).values())).toEqual(shown(listed.items));
      // Lists of the past are the truth's witnesses.
      for (let i = 0; i < 12; i++) {
        const [version, look] = [pick(versions), pick(looks)];
        const query = `${look.query}&resourceVersion=${version}&resourceVersionMatch=Exact&limit=${random(2) * 3}`;
        const items: any[] = [];
        for (let token = ''; ; ) {
          const r = token ? `${look.query}&limit=3&continue=${token}` : query;
          const page = (await http(`${look.path}?${r}`)).json;
          items.push(...page.items);
          token = page.metadata.continue ?? '';
          if (!token) break;
        }
        expect(shown(items)).toEqual(shown([...stateAt(states, versions, version).values()].filter(look.sees)));
      }
      const checks = watchers.reduce((sum, watcher) => sum + check(watcher, states), 0);
      expect(checks).toBeGreaterThan(300);
    },
    60_000,
  );

  it.skipIf(skip)('pages of a snapshot that has passed count what follows', async () => {
    const path = '/api/v1/namespaces/h1/configmaps';
    let page = (await http(`${path}?limit=2`)).json;
    const { resourceVersion } = page.metadata;
    const total = 2 + page.metadata.remainingItemCount;
    let seen = 0;
    for (;;) {
      seen += page.items.length;
      expect(page.metadata.resourceVersion).toBe(resourceVersion);
      const { continue: token, remainingItemCount } = page.metadata;
      expect(remainingItemCount ?? 0).toBe(total - seen);
      if (!token) break;
      await http(path, { body: { metadata: { generateName: 'a' } } });
      page = (await http(`${path}?limit=2&continue=${token}`)).json;
    }
    expect(seen).toBe(total);
  });
});
