// The cluster as the server's own parts use it: the same object operations that requests get, without HTTP, as system:apiserver.
// Implements kinds/cluster.ts. Used by kinds' hooks, admission plugins, authentication, RBAC and bootstrap/.
import { deepCopy } from '../apimachinery/deepCopy.ts';
import * as status from '../apimachinery/status.ts';
import type { KubeObject } from '../apimachinery/types.ts';
import { type Api, cacheOf } from './api.ts';
import { servedObject } from './codecs/codecs.ts';
import type { Cluster } from './kinds/cluster.ts';
import type { Context } from './kinds/kind.ts';
import type { Served } from './kinds/registry.ts';
import { createObject } from './objects/createObject.ts';
import { deleteObject } from './objects/deleteObject.ts';
import { currentObject } from './objects/readObject.ts';
import { updateObject } from './objects/updateObject.ts';
import { partsOf, systemUser, type WriteContext } from './objects/writeContext.ts';
import type { ResourceCache } from './storage/cached.ts';

export interface LocalCluster extends Cluster {
  /** Loads a resource, so that `cached` knows of it. */
  load(served: Served): Promise<void>;
}

/** `api` is looked at when methods are called: it may still be under assembly. */
export function createLocalCluster(api: () => Api): LocalCluster {
  const caches = new Map<string, { served: Served; cache: ResourceCache }>();
  const id = (r: status.GroupResource) => `${r.plural}.${r.group}`;
  const served = (r: status.GroupResource): Served => {
    const found = api().registry.byResource(r.group, r.plural);
    if (!found) throw new Error(`no kind ${id(r)} is served`);
    return found;
  };
  const keyIn = (cache: ResourceCache, name: string, namespace?: string) =>
    `${cache.spec.prefix}${cache.spec.namespaced ? `${namespace}/` : ''}${name}`;
  return {
    async load(row) {
      caches.set(id(row.kind), { served: row, cache: await cacheOf(api(), row) });
    },
    cached(r, name, namespace) {
      const known = caches.get(id(r));
      return known?.cache.get(keyIn(known.cache, name, namespace))?.object();
    },
    cachedList(r, namespace) {
      const known = caches.get(id(r));
      return known ? known.cache.list({ namespace }).map((c) => c.object()) : [];
    },
    lastChange: (r) => caches.get(id(r))?.cache.lastChange ?? 0,
    pluralOf: (group, version, kind) => api().registry.byKind(group, version, kind)?.kind.plural,
    async get(r, name, namespace = '') {
      const row = served(r);
      const found = await currentObject(api(), row, namespace, name);
      return found && servedObject(row, found);
    },
    async create(r, object) {
      const row = served(r);
      const w = systemWriter(api(), row, 'create', object.metadata.namespace ?? '');
      const fresh = { kind: row.kind.kind, apiVersion: row.apiVersion, ...deepCopy(object) };
      return (await createObject(w, fresh)).object as KubeObject;
    },
    async update(r, name, namespace = '', change, options = {}) {
      const row = served(r);
      const subresource = row.kind.subresources?.find((s) => s.name === options.subresource);
      const w = systemWriter(api(), row, 'update', namespace, options.as);
      w.subresource = subresource?.name ?? '';
      // A deed such as a binding is in the journal as what was asked for.
      if (options.as) w.verb = (options.as as WriteContext).verb;
      let declined = false;
      try {
        const outcome = await updateObject(
          w,
          name,
          (live) => {
            const before = deepCopy(live);
            declined = change(live) === false;
            // A write in process names no version: it goes again on conflict.
            if (!declined) live.metadata.resourceVersion = '';
            return declined ? before : live;
          },
          // What is done on the way of a request, such as a binding, has no field manager of its own.
          { subresource, anyVersion: true, tracked: options.as !== undefined },
        );
        return declined ? undefined : outcome.object;
      } catch (error) {
        if (status.isReason(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    async delete(r, name, namespace = '', { uid, resourceVersion, as, ...options } = {}) {
      try {
        await deleteObject(systemWriter(api(), served(r), 'delete', namespace, as), name, {
          ...options,
          preconditions: { uid, resourceVersion },
        });
      } catch (error) {
        if (!status.isReason(error, 'NotFound')) throw error;
      }
    },
  };
}

/** `as`: the request that is being carried out; who asked, why and whether in earnest is the write's. */
export function systemWriter(api: Api, row: Served, verb: string, namespace: string, as?: Context): WriteContext {
  return {
    ...partsOf(api),
    served: row,
    user: systemUser,
    namespace,
    subresource: '',
    fieldManager: 'kube-apiserver',
    dryRun: false,
    // Goes again on conflict, as patches do.
    verb: verb === 'update' ? 'patch' : verb,
    component: 'kube-apiserver',
    causes: [],
    traceparent: '',
    options: {},
    warn() {},
    ...(as && askedBy(as as WriteContext)),
  };
}

const askedBy = ({ user, fieldManager, dryRun, component, causes, traceparent, warn }: WriteContext) => ({
  user,
  fieldManager,
  dryRun,
  component,
  causes,
  traceparent,
  warn,
});
