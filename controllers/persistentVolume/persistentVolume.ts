// Brings claims and volumes together, and says what becomes of a volume when its claim has gone.
// Reads: persistentvolumes, persistentvolumeclaims, storageclasses, pods. Writes: the first two, their status, Events.
// Mirrors: pkg/controller/volume/persistentvolume. Next: planClaim.ts and planVolume.ts decide, act.ts, provision.ts, reclaim.ts do.
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../apimachinery/resources.ts';
import { bindCompleted } from '../../apimachinery/storage/annotations.ts';
import { classOf, hasAnnotation, hasClass } from '../../apimachinery/storage/claims.ts';
import { findVolume } from '../../apimachinery/storage/matching.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { tolerate } from '../common/errors.ts';
import { createLatest } from '../common/latest.ts';
import { hasLeft, indexPodsByClaim, podsOfClaim } from '../common/podsOfClaims.ts';
import { type Binder, bind, lose, setClaimPhase, setFree, setPhase, writeClaim, writeVolume } from './act.ts';
import { planClaim } from './planClaim.ts';
import { planVolume } from './planVolume.ts';
import { type ProvisionOptions, provision } from './provision.ts';
import { finalizersOf, reclaim } from './reclaim.ts';

export interface BinderOptions extends ProvisionOptions {
  /** Milliseconds between two looks at all that is not settled. */
  syncPeriod: number;
}

/** Two kinds share the queue. */
const claimKey = (key: string) => `claim ${key}`;
const volumeKey = (name: string) => `volume ${name}`;
const refKey = ({ spec }: PersistentVolume): string[] =>
  spec?.claimRef ? [`${spec.claimRef.namespace}/${spec.claimRef.name}`] : [];

/** How many claims a new volume wakes; more of them are met by the look at all. */
const mostWoken = 8;

export function persistentVolumeBinder(o: BinderOptions): Controller {
  let binder: Binder;
  const busy = new Set<string>();
  return {
    name: 'persistentvolume-binder-controller',
    serviceAccount: 'persistent-volume-binder',
    eventSource: 'persistentvolume-controller',
    // Each write takes a while; which volume is in whose hands meanwhile, `busy` says.
    workers: 5,
    watches: [
      watch({
        resource: persistentVolumes,
        keys: (volume, context) => [
          volumeKey(volume.metadata.name),
          ...refKey(volume).map(claimKey),
          ...claimsFor(volume, context).map(claimKey),
        ],
      }),
      watch({
        resource: persistentVolumeClaims,
        keys: (claim, context) => [
          claimKey(keyOf(claim)),
          ...[claim.spec?.volumeName || [], tiedTo(keyOf(claim), context).map((v) => v.metadata.name)]
            .flat()
            .map(volumeKey),
        ],
      }),
      watch({ resource: storageClasses, keys: (c, context) => claimsOf(c, context).map((p) => claimKey(keyOf(p))) }),
      watch({ resource: pods, keys: () => [] }),
    ],
    setup(context) {
      const { informers, client, events } = context;
      const claims = informers.informer(persistentVolumeClaims);
      const volumes = informers.informer(persistentVolumes);
      indexPodsByClaim(informers);
      claims.addIndex('unbound by class', (c) => (hasAnnotation(c, bindCompleted) ? [] : [classOf(c)]));
      volumes.addIndex('claim', refKey);
      volumes.addIndex('free by class', (v) => (v.spec?.claimRef ? [] : [classOf(v)]));
      binder = { client, events, claims: createLatest(claims), volumes: createLatest(volumes) };
    },
    async reconcile(key, context) {
      const space = key.indexOf(' ');
      const name = key.slice(space + 1);
      if (key.slice(0, space) === 'claim') return syncClaim(name, binder, context, busy, o);
      return alone(busy, name, () => syncVolume(name, binder, context));
    },
    async run(context, enqueue, signal) {
      for (await sleep(context.clock, o.syncPeriod, signal); !signal.aborted; ) {
        for (const key of unsettled(context)) enqueue(key);
        await sleep(context.clock, o.syncPeriod, signal);
      }
    },
  };
}

/** Milliseconds until it is looked whether a volume is out of the hands of another worker. */
const busyWait = 50;

/** One worker at a time for a volume: two claims that chose it at the same moment would run into each other, and a third write. */
async function alone(busy: Set<string>, volume: string, work: () => Promise<Result>): Promise<Result> {
  if (busy.has(volume)) return { after: busyWait, postponed: true };
  busy.add(volume);
  try {
    return await work();
  } finally {
    busy.delete(volume);
  }
}

const unboundOf = ({ informers }: ControllerContext, name: string): PersistentVolumeClaim[] =>
  informers.informer(persistentVolumeClaims).byIndex('unbound by class', name);

const tiedTo = (key: string, { informers }: ControllerContext): PersistentVolume[] =>
  informers.informer(persistentVolumes).byIndex('claim', key);

/** Claims that wait for a volume like this one. */
function claimsFor(volume: PersistentVolume, context: ControllerContext): string[] {
  if (volume.spec?.claimRef || volume.status?.phase !== 'Available') return [];
  const keys: string[] = [];
  for (const claim of unboundOf(context, classOf(volume)))
    if (keys.length < mostWoken && findVolume(claim, [volume])) keys.push(keyOf(claim));
  return keys;
}

/** Unbound claims of a class, and those without any, which a default class can help. */
const claimsOf = (storageClass: StorageClass, context: ControllerContext): PersistentVolumeClaim[] => [
  ...unboundOf(context, storageClass.metadata.name),
  ...unboundOf(context, '').filter((claim) => !hasClass(claim)),
];

/** What time alone may change: claims without a volume, volumes that are still to go. */
function unsettled({ informers }: ControllerContext): string[] {
  const claims = informers.informer(persistentVolumeClaims).list() as PersistentVolumeClaim[];
  const volumes = informers.informer(persistentVolumes).list() as PersistentVolume[];
  const isDone = ({ spec, status }: PersistentVolume) =>
    status?.phase === 'Available' ||
    status?.phase === 'Bound' ||
    (status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Retain');
  return [
    ...claims.filter((c) => c.status?.phase !== 'Bound').map((c) => claimKey(keyOf(c))),
    ...volumes.filter((v) => !isDone(v)).map((v) => volumeKey(v.metadata.name)),
  ];
}

async function syncClaim(
  key: string,
  b: Binder,
  context: ControllerContext,
  busy: Set<string>,
  o: ProvisionOptions,
): Promise<Result> {
  const claim = b.claims.get(key);
  if (!claim) return undefined;
  const { informers } = context;
  const volumes = informers.informer(persistentVolumes);
  const candidates = b.volumes.all([...tiedTo(key, context), ...volumes.byIndex('free by class', classOf(claim))]);
  const isBusy = ({ metadata }: PersistentVolume) => busy.has(metadata.name);
  const plan = planClaim(claim, {
    volume: b.volumes.get,
    candidates: candidates.filter((v) => !isBusy(v)),
    classes: informers.informer(storageClasses).list(),
    podsToSchedule: podsOfClaim(informers, key)
      .filter(isToSchedule)
      .map((p) => p.metadata.name),
  });
  // What it would get may be given to another just now, or become free.
  if (plan.do !== 'bind' && findVolume(claim, candidates.filter(isBusy))) return { after: busyWait, postponed: true };
  switch (plan.do) {
    case 'bind':
      return alone(busy, plan.volume.metadata.name, () => bind(b, plan.volume, claim));
    case 'wait':
      if (plan.notice) b.events.event(claim, plan.notice.type, plan.notice.reason, plan.notice.message);
      await setClaimPhase(b, claim, 'Pending');
      if (plan.error) throw new Error(plan.error);
      return undefined;
    case 'lose':
      // That data is lost is nothing to say because a watch is behind.
      if (await hasVolumeAfterAll(b, claim)) return { after: 1000 };
      await lose(b, claim, plan.notice);
      return undefined;
    case 'setClass':
      await writeClaim(b, { ...claim, spec: { ...claim.spec, storageClassName: plan.name } });
      return undefined;
    case 'provision':
      await provision(b, claim, plan.storageClass, o);
      return undefined;
  }
}

const isToSchedule = (pod: Pod): boolean => !pod.spec?.nodeName && !hasLeft(pod);

/** The server has its volume, and says that it is its own or nobody's. */
async function hasVolumeAfterAll(b: Binder, { metadata, spec, status }: PersistentVolumeClaim): Promise<boolean> {
  if (!spec?.volumeName || status?.phase === 'Lost') return false;
  const volume = await tolerate(['NotFound'], b.client.get(persistentVolumes, spec.volumeName));
  return volume !== undefined && (!volume.spec?.claimRef || volume.spec.claimRef.uid === metadata.uid);
}

async function syncVolume(name: string, b: Binder, context: ControllerContext): Promise<Result> {
  let volume = b.volumes.get(name);
  if (!volume) return undefined;
  const finalizers = finalizersOf(volume);
  if (finalizers) volume = await writeVolume(b, { ...volume, metadata: { ...volume.metadata, finalizers } });
  const claim = await claimOf(volume, b);
  const plan = planVolume(volume, claim);
  if (plan.notices) {
    const { volume: v, claim: c } = plan.notices;
    b.events.event(volume, v.type, v.reason, v.message);
    b.events.event(claim!, c.type, c.reason, c.message);
  }
  if (plan.setFree) await setFree(b, volume);
  if (plan.phase) volume = await setPhase(b, volume, plan.phase);
  const [key] = refKey(volume);
  if (plan.reclaim) {
    const users = podsOfClaim(context.informers, key!)
      .filter((p) => !hasLeft(p))
      .map(keyOf)
      .sort();
    await reclaim(b, volume, plan.reclaim, { claim: claim ?? b.claims.get(key!), users });
  }
  return undefined;
}

/** The claim that a volume is tied to. Before it counts as gone the server is asked: the watch of claims may be behind. */
async function claimOf(volume: PersistentVolume, b: Binder): Promise<PersistentVolumeClaim | undefined> {
  const ref = volume.spec?.claimRef;
  if (!ref?.uid) return undefined;
  const known = b.claims.get(`${ref.namespace}/${ref.name}`);
  if (known?.metadata.uid === ref.uid) return known;
  const isKept = volume.spec?.persistentVolumeReclaimPolicy === 'Retain';
  if (!known && isKept && volume.status?.phase === 'Released') return undefined;
  const asked = await tolerate(['NotFound'], b.client.get(persistentVolumeClaims, ref.name!, ref.namespace));
  return asked?.metadata.uid === ref.uid ? asked : undefined;
}
