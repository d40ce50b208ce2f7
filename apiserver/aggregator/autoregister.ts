// An APIService for each group version that this server has itself: of its built-in kinds at the start, of CustomResourceDefinitions as they come and go.
// Reads: the registry, CustomResourceDefinitions. Writes: APIServices that carry the label; others are somebody else's.
// Mirrors: kube-aggregator/pkg/controllers/autoregister and pkg/controlplane/controller/crdregistration.
// Next: apiServices.ts, by which discovery orders the groups.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Api } from '../api.ts';
import type { Registry } from '../kinds/registry.ts';
import type { CacheEvent } from '../storage/cached.ts';
import { apiServices } from './apiServices.ts';
import { follow } from './follow.ts';
import { customPriority, priorityOf } from './priorities.ts';

const label = 'kube-aggregator.kubernetes.io/automanaged';
/** The label of built-in ones: set right at the start, and from then on anybody's to change. */
const onStart = 'onstart';
/** The label of those of CustomResourceDefinitions: always set right. */
const always = 'true';

export const customResourceDefinitions = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' };

interface Wanted {
  managed: typeof onStart | typeof always;
  spec: { group: string; version: string; groupPriorityMinimum: number; versionPriority: number };
}

export interface Autoregistration {
  /** Makes what is missing; `atStart` also sets right and takes away what another version of this server has left. */
  sync(atStart: boolean): Promise<void>;
  /** Follows changes until `stop`. */
  start(): Promise<void>;
  stop(): void;
}

export function createAutoregistration(api: Api): Autoregistration {
  const ends: (() => void)[] = [];
  let builtin: Map<string, Wanted> | undefined;
  const wanted = () => {
    builtin ??= builtinWanted(api.registry);
    return new Map([...customWanted(api.cluster.cachedList(customResourceDefinitions)), ...builtin]);
  };

  const syncOne = async (name: string, want: Wanted | undefined, atStart: boolean): Promise<void> => {
    const found = api.cluster.cached(apiServices, name);
    if (!found) return want && create(name, want);
    const managed = found.metadata.labels?.[label];
    if (managed !== always && !(managed === onStart && atStart)) return;
    if (!want) return api.cluster.delete(apiServices, name, undefined, { uid: found.metadata.uid });
    if (deepEqual(found['spec'], want.spec)) return;
    await api.cluster.update(apiServices, name, undefined, (object) => {
      if (object.metadata.uid !== found.metadata.uid) return false;
      object.spec = { ...want.spec };
      return true;
    });
  };

  const create = async (name: string, { managed, spec }: Wanted): Promise<void> => {
    try {
      await api.cluster.create(apiServices, { metadata: { name, labels: { [label]: managed } }, spec });
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  };

  const sync = async (atStart: boolean): Promise<void> => {
    const want = wanted();
    const names = new Set([...want.keys(), ...api.cluster.cachedList(apiServices).map((o) => o.metadata.name)]);
    await Promise.all([...names].map((name) => syncOne(name, want.get(name), atStart)));
  };

  /** Events come in bursts: one pass at a time, and one more when something came meanwhile. */
  let running: Promise<void> | undefined;
  let again = false;
  const soon = (): void => {
    if (running) {
      again = true;
      return;
    }
    running = sync(false)
      .catch((error: Error) => api.log.warn({ error: error.message }, 'APIServices not kept, will be tried again'))
      .finally(() => {
        running = undefined;
        if (again) soon();
        again = false;
      });
  };

  return {
    sync,
    async start() {
      const wasOurs = ({ type, current }: CacheEvent) =>
        type === 'DELETED' || (type === 'MODIFIED' && current.labels[label] === always);
      ends.push(
        await follow(api, customResourceDefinitions, soon, soon),
        await follow(api, apiServices, (event) => void (wasOurs(event) && soon()), soon),
      );
    },
    stop() {
      for (const end of ends) end();
    },
  };
}

function builtinWanted(registry: Registry): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { kind } of registry.all()) {
    const { group, version } = kind;
    const priority = priorityOf(group, version);
    if (!priority) continue;
    const spec = { group, version, groupPriorityMinimum: priority.group, versionPriority: priority.version };
    wanted.set(`${version}.${group}`, { managed: onStart, spec });
  }
  return wanted;
}

function customWanted(definitions: readonly KubeObject[]): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const { spec } of definitions as readonly any[])
    for (const { name, served } of spec.versions ?? []) {
      const { group: groupPriorityMinimum, version: versionPriority } = customPriority;
      const of = { group: spec.group, version: name, groupPriorityMinimum, versionPriority };
      if (served) wanted.set(`${name}.${spec.group}`, { managed: always, spec: of });
    }
  return wanted;
}
