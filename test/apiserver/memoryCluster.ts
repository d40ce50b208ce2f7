// A Cluster in memory for tests of what only reads and writes objects: no store, no admission, resourceVersion counts writes.
import { randomUUID } from 'node:crypto';
import { alreadyExists, type GroupResource } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Cluster } from '../../apiserver/kinds/cluster.ts';

export function memoryCluster(): Cluster & { writes: number; put(r: GroupResource, object: any): KubeObject } {
  const objects = new Map<string, Map<string, KubeObject>>();
  const changes = new Map<string, number>();
  const all = (r: GroupResource) => {
    const key = `${r.plural}.${r.group}`;
    const found = objects.get(key) ?? new Map<string, KubeObject>();
    objects.set(key, found);
    return found;
  };
  const keyOf = (name: string, namespace = '') => `${namespace}/${name}`;
  const cluster = {
    writes: 0,
    put(r: GroupResource, object: any) {
      cluster.writes++;
      changes.set(`${r.plural}.${r.group}`, cluster.writes);
      object.metadata.uid ??= randomUUID();
      all(r).set(keyOf(object.metadata.name, object.metadata.namespace), object);
      return object;
    },
    cached: (r: GroupResource, name: string, namespace?: string) => all(r).get(keyOf(name, namespace)),
    cachedList: (r: GroupResource, namespace?: string) =>
      [...all(r).values()].filter((o) => !namespace || o.metadata.namespace === namespace),
    pluralOf: () => undefined,
    lastChange: (r: GroupResource) => changes.get(`${r.plural}.${r.group}`) ?? 0,
    get: async (r: GroupResource, name: string, namespace?: string) => all(r).get(keyOf(name, namespace)),
    async create(r: GroupResource, object: any) {
      if (cluster.cached(r, object.metadata.name, object.metadata.namespace))
        throw alreadyExists(r, object.metadata.name);
      return cluster.put(r, object);
    },
    async update(r: GroupResource, name: string, namespace: string | undefined, change: (o: any) => unknown) {
      const object = structuredClone(cluster.cached(r, name, namespace));
      if (!object || change(object) === false) return undefined;
      return cluster.put(r, object);
    },
    async delete(r: GroupResource, name: string, namespace?: string) {
      cluster.writes++;
      changes.set(`${r.plural}.${r.group}`, cluster.writes);
      all(r).delete(keyOf(name, namespace));
    },
  };
  return cluster as never;
}
