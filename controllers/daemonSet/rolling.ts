// The next step of a rolling update: which old pods to delete, or on which nodes to start new ones beside them.
// Pure. Mirrors: rollingUpdate in pkg/controller/daemon/update.go. Used by: daemonSet.ts.
import type { DaemonSet, Node, Pod } from '../../apimachinery/types.ts';
import { isAvailable } from '../common/pods.ts';
import type { PodsByNode } from './daemonPods.ts';
import { limits } from './limits.ts';
import { fitOf } from './nodes.ts';
import { isUpdated } from './template.ts';

export interface Step {
  create: string[];
  remove: Pod[];
}

interface Place {
  node: Node | undefined;
  name: string;
  /** The pod of the present template, and the one of an older; those on their way out do not count. */
  fresh: Pod | undefined;
  old: Pod | undefined;
  /** More pods than that: placement puts it right first. */
  crowded: boolean;
}

export function planRolling(
  ds: DaemonSet,
  nodes: readonly Node[],
  byNode: PodsByNode,
  hash: string,
  now: number,
): Step {
  const fits = fitOf(ds);
  const wanted = nodes.filter((node) => fits(node).run);
  const { surge, unavailable } = limits(ds, wanted.length);
  const known = new Map(nodes.map((node) => [node.metadata.name, node]));
  const names = new Set([...byNode.keys(), ...wanted.map((node) => node.metadata.name)]);
  const places = [...names].map((name) => placeOf(ds, known.get(name), name, byNode.get(name) ?? [], hash));
  const available = (pod: Pod) => isAvailable(pod, ds.spec?.minReadySeconds ?? 0, now);
  if (surge === 0) return { create: [], remove: replaced(places, unavailable, available) };
  const runsOn = (place: Place) => Boolean(place.node && fits(place.node).run);
  return surged(places, surge, wanted.length, available, runsOn);
}

function placeOf(ds: DaemonSet, node: Node | undefined, name: string, pods: readonly Pod[], hash: string): Place {
  const living = pods.filter((pod) => !pod.metadata.deletionTimestamp);
  const fresh = living.filter((pod) => isUpdated(pod, ds, hash));
  const old = living.filter((pod) => !isUpdated(pod, ds, hash));
  return { node, name, fresh: fresh[0], old: old[0], crowded: fresh.length > 1 || old.length > 1 };
}

/** Without surge: unavailable old pods go at once, available ones as far as the limit lets more be away. */
function replaced(places: readonly Place[], limit: number, available: (pod: Pod) => boolean): Pod[] {
  const [unfit, candidates]: [Pod[], Pod[]] = [[], []];
  let away = 0;
  for (const { fresh, old, crowded } of places) {
    if (crowded || Boolean(fresh) === Boolean(old)) away++;
    else if (fresh) away += available(fresh) ? 0 : 1;
    else if (available(old!)) candidates.push(old!);
    else {
      unfit.push(old!);
      away++;
    }
  }
  return [...unfit, ...candidates.slice(0, Math.max(limit - away, 0))];
}

/** With surge: a new pod beside each old one, so many at a time; the old one goes when the new one is available. */
function surged(
  places: readonly Place[],
  limit: number,
  wanted: number,
  available: (pod: Pod) => boolean,
  runsOn: (place: Place) => boolean,
): Step {
  const [remove, leaving]: [Pod[], Pod[]] = [[], []];
  const [allowed, candidates]: [string[], string[]] = [[], []];
  let [surging, serving] = [0, 0];
  for (const place of places) {
    const { name, fresh, old, crowded } = place;
    if (crowded) {
      surging++;
      continue;
    }
    const present = old ?? fresh;
    if (present && available(present)) serving++;
    if (!old) continue;
    if (fresh) {
      if (available(fresh)) remove.push(old);
      else surging++;
    } else if (!runsOn(place)) (available(old) ? leaving : remove).push(old);
    else (available(old) ? candidates : allowed).push(name);
  }
  // Where the pod no longer belongs it still serves until enough others do.
  remove.push(...leaving.slice(0, Math.max(serving - wanted, 0)));
  return { create: [...allowed, ...candidates.slice(0, Math.max(limit - surging, 0))], remove };
}
