// Whatever order things happen in, no device is ever two claims': random claims, pods, answers that are lost or late, a watch that
// lags, slices that change. Access for admins alone shares. And in the end every pod that could have its devices has them.
import { expect, it } from 'vitest';
import { deviceClasses, resourceClaims, resourceSlices } from '../../../apimachinery/resources.ts';
import { unknown } from '../../../apimachinery/status.ts';
import type { Pod, ResourceClaim } from '../../../apimachinery/types.ts';
import type { InformerCache } from '../../../client/informerCache.ts';
import { dynamicResources } from '../../../scheduler/plugins/dynamicResources/dynamicResources.ts';
import { type PodInfo, podInfoOf } from '../../../scheduler/podInfo.ts';
import { node, pod } from '../objects.ts';
import { createWorld } from '../world.ts';
import { createClaimServer } from './claimServer.ts';
import { claim, deviceClass, exactly, firstAvailable, slice } from './objects.ts';

/** mulberry32 */
function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const uses = (name: string, claims: string[]): Pod =>
  pod(name, { spec: { resourceClaims: claims.map((c) => ({ name: `for-${c}`, resourceClaimName: c })) } });

function checkOwners(claims: readonly ResourceClaim[]): void {
  const owner = new Map<string, string>();
  for (const { metadata, status } of claims)
    for (const r of status?.allocation?.devices?.results ?? []) {
      if (r.adminAccess) continue;
      const device = `${r.driver}/${r.pool}/${r.device}`;
      expect(owner.get(device), `${device} of ${metadata.name}`).toBeUndefined();
      owner.set(device, metadata.name);
    }
}

const nodeNames = ['n0', 'n1', 'n2'];

async function play(seed: number): Promise<number> {
  const random = randomOf(seed);
  const below = (n: number) => Math.floor(random() * n);
  const world = createWorld(nodeNames.map((n) => node(n)));
  const server = createClaimServer(world.handle.informers.informer(resourceClaims) as InformerCache<ResourceClaim>);
  world.handle.client = server.client;
  const plugin = dynamicResources(world.handle, {});
  world.add(deviceClasses, deviceClass('gpu'));
  world.cache.refresh(world.handle.snapshot);
  const publish = (generation: number) => {
    for (const n of nodeNames)
      world.add(
        resourceSlices,
        slice(`s-${n}`, { nodeName: n, generation, devices: ['a', 'b', 'c'].slice(0, 1 + below(3)) }),
      );
    world.add(resourceSlices, slice('s-all', { pool: 'all', generation, devices: ['x', 'y'] }));
  };
  publish(1);
  const binds: Promise<unknown>[] = [];
  let bound = 0;

  const requests = () => {
    const kinds = [
      () => exactly('r', { count: 1 + below(2) }),
      () => exactly('r', { adminAccess: true }),
      () => firstAvailable('r', { count: 3 }, { count: 1 }),
    ];
    return [kinds[below(kinds.length)]!(), ...(random() < 0.3 ? [exactly('s')] : [])];
  };
  const giveUp = async (info: PodInfo) => {
    const { act } = await plugin.postFilter!(info, { nodeCount: 3, statuses: new Map(), plugins: new Set() }, []);
    await act?.().catch(() => {});
  };
  const schedule = (p: Pod) => {
    const info = podInfoOf(p);
    if (plugin.preEnqueue!(info)) return;
    const found = plugin.preFilter!(info);
    if (!found || 'reasons' in found) return;
    const fits = world.handle.snapshot.nodes.filter((n) => !found.test!(n));
    if (!fits.length) {
      binds.push(giveUp(info));
      return;
    }
    const chosen = fits[below(fits.length)]!.name;
    const refusal = plugin.reserve!(info, chosen);
    if (refusal || random() < 0.1) {
      plugin.unreserve!(info, chosen);
      return;
    }
    binds.push(
      plugin.preBind!(info, chosen, new AbortController().signal).then((status) => {
        if (status || random() < 0.1) plugin.unreserve!(info, chosen);
        else bound++;
      }),
    );
  };

  for (let step = 0; step < 120; step++) {
    const names = server.list().map((c) => c.metadata.name);
    const any = names[below(names.length)];
    const dice = random();
    if (dice < 0.25 || !any) server.create(claim(`c${step}`, { requests: requests() }));
    else if (dice < 0.6)
      schedule(uses(`p${step}`, [...new Set([any, names[below(names.length)]!])].slice(0, 1 + below(2))));
    else if (dice < 0.7) server.failNext(unknown('500'), random() < 0.5);
    else if (dice < 0.8)
      server.change(any, (c) => {
        if (random() < 0.5) delete c.status;
        else c.metadata.labels = { step: String(step) };
      });
    else if (dice < 0.85 && !server.get(any)!.status?.allocation) server.remove(any);
    else if (dice < 0.88) publish(step + 2);
    server.tell(below(4));
    if (random() < 0.3) await Promise.resolve();
    checkOwners(server.list());
  }
  await Promise.all(binds);
  server.tell();
  checkOwners(server.list());
  return bound;
}

it('no device is ever given to two claims', async () => {
  let bound = 0;
  for (let seed = 1; seed <= 150; seed++) bound += await play(seed);
  // It is not for want of trying.
  expect(bound).toBeGreaterThan(500);
});
