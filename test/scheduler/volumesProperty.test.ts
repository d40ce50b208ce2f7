// Random claims, volumes and pods that come, are placed, given up and bound: no volume is ever meant for two claims, and no
// pod is placed where its volumes cannot be reached.
import { expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../apimachinery/resources.ts';
import type { PersistentVolume } from '../../apimachinery/types.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { claim, node, pod, storageClass, volume } from './objects.ts';
import { createWorld } from './world.ts';

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const names = ['a', 'b', 'c'];

it.each(Array.from({ length: 40 }, (_, i) => i + 1))('seed %i', async (seed) => {
  const random = randomOf(seed);
  const world = createWorld(names.map((name) => node(name)));
  world.add(storageClasses, storageClass('late'));
  const volumeCount = 3 + random(6);
  for (let i = 0; i < volumeCount; i++) {
    const where = random(4);
    world.add(persistentVolumes, {
      ...volume(`v${i}`, { className: 'late', size: `${1 + random(4)}Gi`, ...(where < 3 && { node: names[where] }) }),
    });
  }
  const volumeCache = world.handle.informers.informer(persistentVolumes) as any;
  const claimCache = world.handle.informers.informer(persistentVolumeClaims) as any;
  let version = 1;
  /** What the API server does, and the volume controller at once after it. */
  (world.handle as any).client = {
    patch: async (_r: unknown, name: string, _ns: string, _type: string, body: any) => {
      const old: PersistentVolume = volumeCache.get(name);
      expect(old.spec!.claimRef, `${name} was free`).toBeUndefined();
      const metadata = { ...old.metadata, annotations: body.metadata.annotations, resourceVersion: String(++version) };
      const now = { ...old, metadata, spec: { ...old.spec, ...body.spec } };
      volumeCache.apply('MODIFIED', now);
      const { name: claimName } = body.spec.claimRef;
      const stored = claimCache.get(`default/${claimName}`);
      const bound = claim(claimName, { className: 'late', volume: name });
      claimCache.apply('MODIFIED', { ...bound, spec: { ...stored.spec, volumeName: name } });
      return now;
    },
  };
  const profile = world.defaultProfile();
  const plugin = profile.reserve.find((p) => p.name === 'VolumeBinding')!;
  const under: { info: ReturnType<typeof podInfoOf>; node: string }[] = [];
  const given = new Map<string, string>();
  for (const name of names) world.add({ plural: 'nodes' } as any, node(name));
  for (let i = 0; i < 30; i++) {
    const wanted = Array.from({ length: 1 + random(2) }, (_, n) => `c${i}-${n}`);
    for (const c of wanted)
      world.add(persistentVolumeClaims, claim(c, { className: 'late', size: `${1 + random(3)}Gi` }));
    const p = pod(`p${i}`, {
      spec: { volumes: wanted.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) },
    });
    world.add(pods, p);
    const decision = world.decide(p, profile);
    // `decide` makes an info of its own, so the filters are asked again for the one that is placed.
    if ('node' in decision) {
      const info = podInfoOf(p);
      const filter = plugin.preFilter!(info) as any;
      expect(filter.test(world.handle.snapshot.get(decision.node))).toBeUndefined();
      plugin.reserve!(info, decision.node);
      under.push({ info, node: decision.node });
    }
    while (under.length && random(2)) {
      const [{ info, node: where } = under[0]!] = under.splice(random(under.length), 1);
      if (random(3) === 0) plugin.unreserve!(info, where);
      else {
        expect(await plugin.preBind!(info, where, AbortSignal.abort())).toBeUndefined();
        plugin.postBind!(info, where);
        for (const v of info.pod.spec!.volumes!) {
          const { volumeName } = claimCache.get(`default/${v.name}`).spec;
          expect(given.get(volumeName) ?? v.name).toBe(v.name);
          given.set(volumeName, v.name);
          const reached =
            volumeCache.get(volumeName).spec.nodeAffinity?.required.nodeSelectorTerms[0].matchExpressions[0];
          if (reached) expect(reached.values).toEqual([where]);
        }
      }
    }
  }
  expect(given.size).toBeGreaterThan(0);
});
