// ConfigMaps and Secrets that this node's pods name, each kept by a watch of its own while a pod needs it: a kubelet may
// read no others. Reads: list and watch by field selector. Tells the pods that use an object when it changes.
// Mirrors: pkg/kubelet/util/manager/watch_based_manager.go. Next: env/containerEnv.ts, volumes/payloads.ts.
import { configMaps, type Resource, secrets } from '../apimachinery/resources.ts';
import { notFound } from '../apimachinery/status.ts';
import type { ConfigMap, KubeObject, Pod, Secret } from '../apimachinery/types.ts';
import { withoutCauses } from '../client/causes.ts';
import { type ReflectorDeps, runReflector } from '../client/reflector.ts';

export interface ReferencedObjects {
  /** Starts following what the pod names, and stops following what it no longer does. */
  register(pod: Pod): void;
  unregister(uid: string): void;
  /** Waits for the first list (10 s at most). Rejects with NotFound, as the server would. */
  configMap(namespace: string, name: string): Promise<ConfigMap>;
  secret(namespace: string, name: string): Promise<Secret>;
}

interface Entry {
  object?: KubeObject;
  synced: Promise<void>;
  users: Set<string>;
  stop: AbortController;
}

const kinds = { configmap: configMaps, secret: secrets } as const;
type Kind = keyof typeof kinds;
const firstListTimeout = 10_000;

/** `changed` is called with the uids of the pods that use an object, and the object as it is now. */
export function createReferencedObjects(
  deps: ReflectorDeps,
  signal: AbortSignal,
  changed: (uids: string[], resource: Resource, object: KubeObject) => void,
): ReferencedObjects {
  const entries = new Map<string, Entry>();

  function follow(kind: Kind, namespace: string, name: string): Entry {
    const key = `${kind}/${namespace}/${name}`;
    const found = entries.get(key);
    if (found) return found;
    const first = Promise.withResolvers<void>();
    const entry: Entry = { synced: first.promise, users: new Set(), stop: new AbortController() };
    entries.set(key, entry);
    let listed = false;
    const seen = (object: KubeObject | undefined, tell: boolean) => {
      entry.object = object;
      if (object && tell) changed([...entry.users], kinds[kind] as Resource, object);
    };
    const sink = {
      replace(items: KubeObject[]) {
        const news = entry.object?.metadata.resourceVersion !== items[0]?.metadata.resourceVersion;
        seen(items[0], listed && news);
        listed = true;
        first.resolve();
      },
      apply: (type: string, object: KubeObject) => seen(type === 'DELETED' ? undefined : object, type !== 'DELETED'),
      bookmark() {},
    };
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    const until = AbortSignal.any([signal, entry.stop.signal]);
    withoutCauses(() => void runReflector(deps, kinds[kind] as Resource, selection, sink, until));
    return entry;
  }

  async function read(kind: Kind, namespace: string, name: string): Promise<KubeObject> {
    const entry = follow(kind, namespace, name);
    await withTimeout(
      entry.synced,
      firstListTimeout,
      () => `failed to sync ${kind} cache: timed out waiting for the condition`,
    );
    if (!entry.object) throw notFound({ group: '', plural: kind }, name);
    return entry.object;
  }

  const release = (uid: string, keep: Set<string>) => {
    for (const [key, entry] of entries) {
      if (keep.has(key) || !entry.users.delete(uid) || entry.users.size) continue;
      entry.stop.abort();
      entries.delete(key);
    }
  };

  return {
    register(pod) {
      const uid = pod.metadata.uid ?? '';
      const namespace = pod.metadata.namespace ?? '';
      const wanted = namesIn(pod);
      for (const [kind, name] of wanted) follow(kind, namespace, name).users.add(uid);
      release(uid, new Set(wanted.map(([kind, name]) => `${kind}/${namespace}/${name}`)));
    },
    unregister: (uid) => release(uid, new Set()),
    configMap: (namespace, name) => read('configmap', namespace, name) as Promise<ConfigMap>,
    secret: (namespace, name) => read('secret', namespace, name) as Promise<Secret>,
  };
}

function withTimeout<T>(work: Promise<T>, ms: number, text: () => string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(text())), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Every ConfigMap and Secret that a pod names, wherever it does. */
export function namesIn(pod: Pod): [Kind, string][] {
  const out: [Kind, string | undefined][] = [];
  for (const s of pod.spec?.imagePullSecrets ?? []) out.push(['secret', s.name]);
  for (const v of pod.spec?.volumes ?? []) {
    if (v.configMap) out.push(['configmap', v.configMap.name]);
    if (v.secret) out.push(['secret', v.secret.secretName]);
    for (const p of v.projected?.sources ?? []) {
      if (p.configMap) out.push(['configmap', p.configMap.name]);
      if (p.secret) out.push(['secret', p.secret.name]);
    }
  }
  const spec = pod.spec;
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  for (const c of containers) {
    for (const f of c.envFrom ?? []) {
      if (f.configMapRef) out.push(['configmap', f.configMapRef.name]);
      if (f.secretRef) out.push(['secret', f.secretRef.name]);
    }
    for (const e of c.env ?? []) {
      if (e.valueFrom?.configMapKeyRef) out.push(['configmap', e.valueFrom.configMapKeyRef.name]);
      if (e.valueFrom?.secretKeyRef) out.push(['secret', e.valueFrom.secretKeyRef.name]);
    }
  }
  return out.filter((pair): pair is [Kind, string] => !!pair[1]);
}
