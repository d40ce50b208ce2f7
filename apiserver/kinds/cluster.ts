// The cluster as hooks of kinds, admission plugins and the server's own housekeeping see it: objects in and out, in process.
// Implemented in ../localCluster.ts over the same handlers that requests use, as user system:apiserver in group system:masters.
import type { GroupResource } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Context } from './kind.ts';

/** How a deed under an object (binding, eviction) writes the object. */
export interface UpdateAs {
  /** By its `keep` and `validateUpdate` instead of the main rules; one that has neither (`binding`) may change everything. */
  subresource?: string;
  /** The request that is being carried out: its user, causes and dryRun are the write's. Absent: the server itself writes. */
  as?: Context;
}

export interface Cluster {
  /** From the watch cache: quick, may be a moment old. */
  cached(r: GroupResource, name: string, namespace?: string): KubeObject | undefined;
  cachedList(r: GroupResource, namespace?: string): KubeObject[];
  /** The revision of the last cached change to this resource, 0 before any: tells whether what was derived from `cachedList` still holds. */
  lastChange(r: GroupResource): number;
  /** The resource of a kind, when it is served. */
  pluralOf(group: string, version: string, kind: string): string | undefined;
  /** Linearizable; undefined when absent. */
  get(r: GroupResource, name: string, namespace?: string): Promise<KubeObject | undefined>;
  create(r: GroupResource, object: any): Promise<KubeObject>;
  /** Reads, lets `change` mutate, writes, and tries again on conflict; undefined when absent or when `change` returns false. */
  update(
    r: GroupResource,
    name: string,
    namespace: string | undefined,
    change: (object: any) => boolean | undefined | undefined,
    options?: UpdateAs,
  ): Promise<KubeObject | undefined>;
  /** Absent is fine. */
  delete(
    r: GroupResource,
    name: string,
    namespace?: string,
    options?: {
      uid?: string;
      resourceVersion?: string;
      gracePeriodSeconds?: number;
      propagationPolicy?: string;
      as?: Context;
    },
  ): Promise<void>;
}
