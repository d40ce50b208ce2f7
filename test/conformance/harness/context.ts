// What a row is given: typed and dynamic resources, bare requests, kubectl, namespaces of its own, and time that may be shortened.
// Everything that it makes is removed after the row. Reads a kubeconfig's connection. Next along the chain: runner.ts.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { type ApiError, notFound, refused } from './apiError.ts';
import type { Ask, Connection, Reply } from './connection.ts';
import type { Ran } from './kubectl.ts';
import { type Resource, resource } from './resource.ts';

export interface Settings {
  kubeconfig: string;
  connection: Connection;
  /** A connection of its own, which the caller closes; with a token: as whom it says, and nobody else. */
  connect(token?: string): Connection;
  /** Typed clients speak protobuf. */
  protobuf: boolean;
  /** Keep the rows' own times. */
  full: boolean;
  /** Under which the API server reaches servers of the rows: they listen there. */
  address: string;
  kubectl?: (args: readonly string[], namespace: string, input?: string) => Promise<Ran>;
  /** Path of the kubectl that is used. */
  kubectlPath?: string;
}

export interface Context extends Settings {
  /** A typed client's resource; without namespace: cluster-wide. */
  of(apiVersion: string, kind: string, namespace?: string): Resource;
  /** A dynamic client's, which speaks JSON; `plural` for custom resources. */
  dyn(apiVersion: string, kind: string, namespace?: string, plural?: string): Resource;
  raw(path: string, ask?: Ask): Promise<Reply>;
  /** A bare GET that must be 200 with JSON. */
  json(path: string, accept?: string): Promise<any>;
  /** A new namespace, once ServiceAccount `default` and ConfigMap `kube-root-ca.crt` are in it. */
  namespace(labels?: Record<string, string>, name?: string): Promise<string>;
  /** A name that no other row uses. */
  unique(prefix?: string): string;
  /** The row's own time with --full, a twentieth of it otherwise. Milliseconds, as everywhere. */
  short(ms: number): number;
  sleep(ms: number): Promise<void>;
  /** Every `every` ms (shortened), for at most `most` (never shortened): until it gives a truthy value, which is returned. */
  poll<T>(every: number, most: number, what: string, look: () => Promise<T> | T): Promise<NonNullable<T>>;
  /** Until the GET is 404 NotFound. */
  gone(r: Resource, name: string, most?: number, every?: number): Promise<void>;
  /** Run after the row, in reverse order, whatever became of it. */
  after(undo: () => unknown): void;
  /** Deletes the object after the row; gives it back. */
  mine<T>(r: Resource, object: T): T;
}

/** Thrown by `skip`: the row does not apply here. */
export class Skip extends Error {}
export const skip = (why: string): never => {
  throw new Skip(why);
};

export function makeContext(settings: Settings, id: string): { context: Context; clean(): Promise<void> } {
  const undo: (() => unknown)[] = [];
  const of = (apiVersion: string, kind: string, namespace?: string) =>
    resource({ connection: settings.connection, apiVersion, kind, namespace, protobuf: settings.protobuf });
  const context: Context = {
    ...settings,
    of,
    dyn: (apiVersion, kind, namespace, plural) =>
      resource({ connection: settings.connection, apiVersion, kind, namespace, plural, protobuf: false }),
    raw: (path, ask) => settings.connection.ask(path, ask),
    async json(path, accept = 'application/json') {
      const reply = await settings.connection.ask(path, { accept });
      assert.equal(reply.code, 200, `GET ${path}: ${reply.text.slice(0, 300)}`);
      return reply.json;
    },
    unique: (prefix = 'e2e-') => `${prefix}${randomBytes(5).toString('hex')}`,
    short: (ms) => (settings.full ? ms : ms / 20),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async poll(every, most, what, look) {
      const end = Date.now() + most;
      for (;;) {
        const found = await look();
        if (found) return found;
        assert.ok(Date.now() < end, `${what}: not within ${most} ms`);
        await context.sleep(context.short(every));
      }
    },
    async gone(r, name, most = 60_000, every = 1000) {
      const found = () =>
        r.get(name).then(
          () => false,
          (error: ApiError) => (error.reason === 'NotFound' ? true : Promise.reject(error)),
        );
      await context.poll(every, most, `${r.path(name)} is gone`, found);
      await refused(r.get(name), notFound);
    },
    after: (act) => void undo.push(act),
    mine(r, object) {
      undo.push(() => r.delete((object as any).metadata.name, { gracePeriodSeconds: 0 }));
      return object;
    },
    async namespace(labels, name = context.unique(`${id.split('.').slice(0, 2).join('-')}-`)) {
      const namespaces = of('v1', 'Namespace');
      const made = await namespaces.create({ metadata: { name, labels: { ...frameworkLabels, ...labels } } });
      assert.equal(made.metadata.name, name);
      undo.push(() => namespaces.delete(name));
      await Promise.all([
        appears(of('v1', 'ServiceAccount', name), 'default'),
        appears(of('v1', 'ConfigMap', name), 'kube-root-ca.crt'),
      ]);
      return name;
    },
  };
  const clean = async () => {
    for (const act of undo.reverse())
      await Promise.resolve()
        .then(act)
        .catch(() => undefined);
  };
  return { context, clean };
}

const frameworkLabels = {
  'e2e-run': randomUUID(),
  'pod-security.kubernetes.io/enforce': 'privileged',
};

/** The suite waits with informers, which open a streaming list: it must end its first part with a marked bookmark. */
async function appears(r: Resource, name: string): Promise<void> {
  const watch = await r.watch({
    fieldSelector: `metadata.name=${name}`,
    sendInitialEvents: true,
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: true,
    timeoutSeconds: 300,
  });
  try {
    const event = await watch.until(`${r.path(name)} appears`, (e) => e.type === 'ADDED', 120_000);
    assert.equal(event.object.metadata.name, name);
    const synced = () =>
      watch.bookmarks.some((b) => b.object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true');
    for (const end = Date.now() + 30_000; !synced(); await new Promise((resolve) => setTimeout(resolve, 20)))
      assert.ok(Date.now() < end, 'a streaming list must mark the end of its initial events with a bookmark');
  } finally {
    watch.close();
  }
}
