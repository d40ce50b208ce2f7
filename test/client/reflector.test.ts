import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, realClock } from '../../apimachinery/clock.ts';
import { pods } from '../../apimachinery/resources.ts';
import { createInformerFactory } from '../../client/informerFactory.ts';
import { createClient } from '../../client/transport.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { fakeClock } from './fakeClock.ts';
import { eventually, json, type Seen, scriptedServer } from './scriptedServer.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const pod = (name: string, rv: number, extra = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'd', uid: name, resourceVersion: String(rv), managedFields: [{}], ...extra },
});
const event = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;
const end = (rv: number) =>
  event('BOOKMARK', {
    kind: 'Pod',
    metadata: { resourceVersion: String(rv), annotations: { 'k8s.io/initial-events-end': 'true' } },
  });
const expired = event('ERROR', { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired', message: 'too old' });
type Response = Parameters<Parameters<typeof scriptedServer>[0]>[1];

/** An informer on pods of a server whose watches are answered one after the other by `streams`. */
async function follow(
  streams: ((r: Response, s: Seen) => void)[],
  list?: (r: Response, s: Seen) => void,
  clock: Clock = realClock,
) {
  let n = 0;
  const server = await scriptedServer((s, r) => {
    if (s.url.searchParams.get('watch') !== 'true') return list ? list(r, s) : json(r, 500, {});
    const stream = streams[n++];
    if (!stream) return void r.writeHead(200).flushHeaders();
    stream(r, s);
  });
  const client = createClient({ server: server.server });
  const ending = new AbortController();
  const deps = { client, clock, random: () => 0, log: silentLogger };
  const informers = createInformerFactory(deps);
  const informer = informers.informer(pods);
  const heard: string[] = [];
  informer.addHandler({
    added: (o) => heard.push(`+${o.metadata.name} ${informer.origin}`),
    updated: (o, old) => heard.push(`${old.metadata.resourceVersion}>${o.metadata.resourceVersion} ${informer.origin}`),
    deleted: (o) => heard.push(`-${o.metadata.name}@${o.metadata.resourceVersion} ${informer.origin}`),
  });
  const started = informers.start(ending.signal);
  cleanups.push(
    () => ending.abort(),
    () => client.close(),
    () => server.close(),
  );
  const watches = () => server.seen.filter((s) => s.url.searchParams.get('watch'));
  return { ...server, informer, heard, started, watches, ending };
}

describe('reflector', () => {
  it('takes the first state from the stream, then its events, and resumes where it was', async () => {
    const f = await follow([
      (r) => {
        r.writeHead(200);
        r.write(event('ADDED', pod('a', 1)) + event('ADDED', pod('b', 2)) + end(5));
        setTimeout(
          () =>
            r.end(
              event('MODIFIED', pod('a', 6)) +
                event('DELETED', pod('b', 7)) +
                event('BOOKMARK', { metadata: { resourceVersion: '9' } }),
            ),
          50,
        );
      },
    ]);
    await f.started;
    expect(f.informer.synced).toBe(true);
    await eventually(() => f.watches().length === 2);
    expect(f.heard).toEqual(['+a start-up', '+b start-up', '1>6 watch', '-b@7 watch']);
    expect(f.informer.list('d').map((p) => p.metadata.name)).toEqual(['a']);
    expect(f.informer.get('d/a')!.metadata.managedFields).toBeUndefined();
    const [first, second] = f.watches();
    expect(Object.fromEntries(first!.url.searchParams)).toMatchObject({
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    });
    expect(second!.url.searchParams.get('resourceVersion')).toBe('9');
    expect(second!.url.searchParams.has('sendInitialEvents')).toBe(false);
  });

  it('lists by pages when the server does not stream lists', async () => {
    const f = await follow(
      [(r) => json(r, 422, { kind: 'Status', status: 'Failure', code: 422, reason: 'Invalid' })],
      (r, s) =>
        s.url.searchParams.get('continue')
          ? json(r, 200, { metadata: { resourceVersion: '3' }, items: [pod('b', 2)] })
          : json(r, 200, { metadata: { resourceVersion: '3', continue: 'more' }, items: [pod('a', 1)] }),
    );
    await f.started;
    expect(f.heard).toEqual(['+a start-up', '+b start-up']);
    await eventually(() => f.watches().length === 2);
    expect(f.watches()[1]!.url.searchParams.get('resourceVersion')).toBe('3');
  });

  it('lists again after 410 and reports what it missed as such', async () => {
    const f = await follow([
      (r) =>
        r
          .writeHead(200)
          .end(
            event('ADDED', pod('a', 1)) + event('ADDED', pod('b', 2)) + event('ADDED', pod('c', 3)) + end(5) + expired,
          ),
      (r) => {
        r.writeHead(200);
        r.write(
          event('ADDED', pod('a', 1)) +
            event('ADDED', pod('b', 8)) +
            event('ADDED', pod('c', 9, { uid: 'other' })) +
            event('ADDED', pod('d', 9)) +
            end(9),
        );
      },
    ]);
    await eventually(() => f.heard.length >= 7);
    expect(f.heard.slice(3)).toEqual(['2>8 resync', '-c@3 resync', '+c resync', '+d resync']);
  });

  it('comes back after a cut, without a new list when the server has gone on', async () => {
    const f = await follow(
      [
        (r) => {
          r.writeHead(200);
          r.write(event('ADDED', pod('a', 1)) + end(5));
          setTimeout(() => r.destroy(), 20);
        },
        (r) => {
          r.writeHead(200);
          r.write(event('ADDED', pod('b', 6)));
        },
      ],
      (r) => json(r, 200, { metadata: { resourceVersion: '6' }, items: [] }),
    );
    await eventually(() => f.heard.length === 2);
    expect(f.heard).toEqual(['+a start-up', '+b watch']);
    expect(f.watches()[1]!.url.searchParams.get('resourceVersion')).toBe('5');
  });

  it('lists anew when the server came back with an older state', async () => {
    const f = await follow(
      [
        (r) => {
          r.writeHead(200);
          r.write(event('ADDED', pod('a', 1)) + event('ADDED', pod('b', 40)) + end(50));
          setTimeout(() => r.destroy(), 20);
        },
        (r) => {
          r.writeHead(200);
          r.write(event('ADDED', pod('a', 1)) + end(7));
        },
      ],
      (r) => json(r, 200, { metadata: { resourceVersion: '7' }, items: [] }),
    );
    await eventually(() => f.heard.length === 3);
    expect(f.heard[2]).toBe('-b@40 resync');
    expect(f.watches()[1]!.url.searchParams.get('sendInitialEvents')).toBe('true');
    expect(f.informer.lastResourceVersion).toBe('7');
  });

  it('leaves a stream that says nothing for three minutes, not even a bookmark', async () => {
    const clock = fakeClock();
    const silent = (r: Response) => {
      r.writeHead(200);
      r.write(event('ADDED', pod('a', 1)) + end(5));
    };
    const list = (r: Response) => json(r, 200, { metadata: { resourceVersion: '5' }, items: [] });
    const f = await follow([silent], list, clock);
    await f.started;
    await clock.advance(170_000);
    expect(f.watches()).toHaveLength(1);
    await eventually(async () => {
      await clock.advance(30_000);
      return f.watches().length === 2;
    });
    expect(f.watches()[1]!.url.searchParams.get('resourceVersion')).toBe('5');
  });

  it('starts once the server is there', async () => {
    const server = await scriptedServer(() => {});
    await server.close();
    const client = createClient({ server: server.server });
    const ending = new AbortController();
    const informers = createInformerFactory({ client, clock: realClock, random: () => 0, log: silentLogger });
    const informer = informers.informer(pods);
    const started = informers.start(ending.signal);
    const late = await scriptedServer(
      (_s, r) => void r.writeHead(200).write(event('ADDED', pod('a', 1)) + end(1)),
      server.port,
    );
    cleanups.push(
      () => ending.abort(),
      () => client.close(),
      () => late.close(),
    );
    await started;
    expect(informer.list()).toHaveLength(1);
  });

  it('stops when told, also before it ever synced', async () => {
    const f = await follow([(r) => void r.writeHead(200).flushHeaders()]);
    f.ending.abort();
    await f.started;
    expect(f.informer.synced).toBe(false);
  });
});

describe('informer', () => {
  it('indexes, and keeps indexes true as objects change', async () => {
    const stream = Promise.withResolvers<Response>();
    const f = await follow([
      (r) => {
        r.writeHead(200);
        r.write(
          event('ADDED', pod('a', 1, { labels: { x: '1' } })) +
            event('ADDED', pod('b', 2, { labels: { x: '1' } })) +
            end(5),
        );
        stream.resolve(r);
      },
    ]);
    f.informer.addIndex('x', (p) => [p.metadata.labels?.x ?? '']);
    await f.started;
    expect(f.informer.byIndex('x', '1').map((p) => p.metadata.name)).toEqual(['a', 'b']);
    const changes = event('MODIFIED', pod('a', 6, { labels: { x: '2' } })) + event('DELETED', pod('b', 7));
    (await stream.promise).write(changes);
    await eventually(() => f.heard.length === 4);
    expect(f.informer.byIndex('x', '1')).toEqual([]);
    expect(f.informer.byIndex('x', '2')).toHaveLength(1);
    expect(() => f.informer.byIndex('none', '')).toThrow(/no index/);
  });

  it('tells a late handler what is there, and nothing after it is removed', async () => {
    const stream = Promise.withResolvers<Response>();
    const f = await follow([
      (r) => {
        r.writeHead(200);
        r.write(event('ADDED', pod('a', 1)) + end(5));
        stream.resolve(r);
      },
    ]);
    await f.started;
    const late: string[] = [];
    const remove = f.informer.addHandler({ added: (o) => late.push(o.metadata.name) });
    expect(late).toEqual(['a']);
    remove();
    (await stream.promise).write(event('ADDED', pod('b', 6)));
    await eventually(() => f.heard.length === 2);
    expect(late).toEqual(['a']);
  });
});
