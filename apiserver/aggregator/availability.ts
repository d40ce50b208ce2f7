// Keeps the condition Available of every APIService right: asks when something has changed, every half minute, and sooner after a failure.
// Reads and writes: APIServices. Mirrors: kube-aggregator/pkg/controllers/status/{local,remote}.
// Next: assess.ts decides; what the servers serve is then asked of them (extensionDiscovery.ts).
import { toTime } from '../../apimachinery/clock.ts';
import type { Api } from '../api.ts';
import { type ApiServiceIndex, apiServices, availableCondition, type Extension } from './apiServices.ts';
import { type Assessment, assess } from './assess.ts';
import type { ExtensionClient } from './extensionClient.ts';
import { follow } from './follow.ts';
import { endpointSlices, services } from './serviceOrigin.ts';

const every = 30_000;
const firstRetry = 50;

export interface AvailabilityOptions {
  index: ApiServiceIndex;
  client: ExtensionClient;
  /** A server has answered: now is the time to ask what it serves. */
  onAnswer(extension: Extension): Promise<void>;
}

export interface Availability {
  start(): Promise<void>;
  stop(): void;
}

export function createAvailability(api: Api, { index, client, onAnswer }: AvailabilityOptions): Availability {
  const timers = new Map<string, { due: number; cancel(): void }>();
  const busy = new Set<string>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const ends: (() => void)[] = [];
  let stopped = false;

  /** An earlier appointment stands. */
  const later = (name: string, ms: number) => {
    const due = api.clock.now() + ms;
    const before = timers.get(name);
    if (stopped || (before && before.due <= due)) return;
    before?.cancel();
    timers.set(name, { due, ...api.clock.setTimeout(() => void run(name), ms) });
  };

  /** One look at a time for each APIService. */
  const run = async (name: string): Promise<void> => {
    timers.delete(name);
    if (busy.has(name)) return void again.add(name);
    busy.add(name);
    try {
      await check(name);
    } catch (error) {
      if (!stopped) api.log.warn({ apiService: name, error: (error as Error).message }, 'availability not written');
      later(name, retryAfter(name));
    }
    busy.delete(name);
    if (again.delete(name)) later(name, 0);
  };

  const retryAfter = (name: string): number => {
    const failed = (failures.get(name) ?? 0) + 1;
    failures.set(name, failed);
    return Math.min(firstRetry * 2 ** (failed - 1), every) * (0.75 + api.random() / 2);
  };

  const check = async (name: string): Promise<void> => {
    const object = api.cluster.cached(apiServices, name);
    if (!object) return void failures.delete(name);
    const found = await assess(object, api.cluster, client);
    if (stopped) return;
    await write(name, object, found);
    const extension = index.extensions().find((e) => e.name === name);
    if (!extension) return;
    if (found.reason === 'FailedDiscoveryCheck') return later(name, retryAfter(name));
    failures.delete(name);
    later(name, every * (0.9 + api.random() / 5));
    if (found.status === 'True') await onAnswer(extension);
  };

  const write = async (name: string, object: any, found: Assessment): Promise<void> => {
    if (says(object, found)) return;
    const change = (live: any) => {
      if (live.metadata.uid !== object.metadata.uid || says(live, found)) return false;
      setCondition(live, found, toTime(api.clock.now()));
      return true;
    };
    const written = await api.cluster.update(apiServices, name, undefined, change, { subresource: 'status' });
    if (written && found.status !== 'True' && availableCondition(object)?.status !== found.status)
      api.metrics.apiServiceLost(name, found.reason);
    api.log.info({ apiService: name, ...found }, 'availability changed');
  };

  const all = () => {
    for (const object of api.cluster.cachedList(apiServices)) later(object.metadata.name, 0);
  };
  const behind = (namespace: string, name: string | undefined) => {
    for (const { name: apiService, service } of index.extensions())
      if (service.name === name && service.namespace === namespace) later(apiService, 0);
  };

  return {
    async start() {
      const followed = await Promise.all([
        follow(api, apiServices, (event) => later(event.current.name, 0), all),
        follow(api, services, ({ current }) => behind(current.namespace, current.name), all),
        follow(
          api,
          endpointSlices,
          ({ current }) => behind(current.namespace, current.labels['kubernetes.io/service-name']),
          all,
        ),
      ]);
      ends.push(...followed);
      all();
    },
    stop() {
      stopped = true;
      for (const end of ends) end();
      for (const timer of timers.values()) timer.cancel();
    },
  };
}

function says(object: any, { status, reason, message }: Assessment): boolean {
  const now = availableCondition(object);
  return now?.status === status && now.reason === reason && now.message === message;
}

/** The time tells when the status changed, not when the reason did. */
function setCondition(object: any, found: Assessment, now: string): void {
  const conditions: any[] = object.status?.conditions ?? [];
  const before = conditions.find((c) => c.type === found.type);
  const lastTransitionTime = before?.status === found.status ? before.lastTransitionTime : now;
  const condition = { lastTransitionTime, message: found.message, reason: found.reason, status: found.status };
  object.status = {
    ...object.status,
    conditions: [...conditions.filter((c) => c !== before), { ...condition, type: found.type }],
  };
}
