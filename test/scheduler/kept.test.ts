// Plugins that keep counts from cycle to cycle decide as ones that were made this moment, whatever happened in between.
import { expect, it } from 'vitest';
import type { Pod } from '../../apimachinery/types.ts';
import type { PluginFactory } from '../../scheduler/framework.ts';
import { interPodAffinity } from '../../scheduler/plugins/interPodAffinity.ts';
import { podTopologySpread } from '../../scheduler/plugins/podTopologySpread.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { node, pod } from './objects.ts';
import { createWorld } from './world.ts';

function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor(state / 1000) % n;
  };
}

const keys = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'rack'];

function randomPod(name: string, random: (n: number) => number, nodeName?: string): Pod {
  const pick = <T>(list: T[]): T => list[random(list.length)]!;
  const selector = () => ({ matchLabels: { app: pick(['a', 'b', 'c']) } });
  const term = () => ({ labelSelector: selector(), topologyKey: pick(keys), namespaces: pick([['x'], ['x', 'y']]) });
  const some = <T>(make: () => T): T[] => Array.from({ length: random(3) ? 0 : 1 + random(2) }, make);
  const weighted = () => ({ weight: 1 + random(100), podAffinityTerm: term() });
  const affinity = {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: some(term),
      preferredDuringSchedulingIgnoredDuringExecution: some(weighted),
    },
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: some(term),
      preferredDuringSchedulingIgnoredDuringExecution: some(weighted),
    },
  };
  const topologySpreadConstraints = some(() => ({
    maxSkew: 1 + random(2),
    topologyKey: pick(keys),
    whenUnsatisfiable: pick(['DoNotSchedule', 'ScheduleAnyway']),
    labelSelector: selector(),
  }));
  const labels = { app: pick(['a', 'b', 'c']) };
  return pod(name, {
    ...{ namespace: pick(['x', 'y']), labels, ...(nodeName && { nodeName }) },
    spec: { affinity, topologySpreadConstraints } as never,
  });
}

const plugins: [string, PluginFactory][] = [
  ['InterPodAffinity', interPodAffinity],
  ['PodTopologySpread', podTopologySpread],
];

it.each(plugins)('%s', (_, make) => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = dice(seed);
    const world = createWorld();
    const kept = make(world.handle, {});
    const there = new Set<string>();
    // Once long enough for the snapshot to forget what changed first.
    for (let round = 0; round < (seed === 1 ? 500 : 50); round++) {
      const name = `n${random(8)}`;
      const zone = `z${random(3)}`;
      const labels = {
        ...(random(5) && { 'topology.kubernetes.io/zone': zone }),
        ...(random(3) && { rack: `r${zone}` }),
      };
      const what = random(10);
      if (what < 2 || round < 5) world.cache.setNode(node(name, { labels: labels as never }));
      else if (what < 3) world.cache.removeNode(name);
      else if (what < 5 && there.size) {
        const gone = [...there][random(there.size)]!;
        there.delete(gone);
        world.cache.removePod(gone);
      } else {
        const info = podInfoOf(randomPod(`p${round}`, random, name));
        there.add(info.uid);
        world.cache.setPod(info);
      }
      const wanting = randomPod('new', random);
      expect(world.filter(() => kept, wanting)).toEqual(world.filter(make, wanting));
      expect(world.score(() => kept, wanting)).toEqual(world.score(make, wanting));
    }
  }
});
