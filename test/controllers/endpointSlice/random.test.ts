// Random Services: whatever comes and goes, slices hold exactly the pods that there are, none too many, and as few as can be are written.
import { expect, it } from 'vitest';
import type { EndpointSlice, Node, Pod, Service } from '../../../apimachinery/types.ts';
import { desiredGroups } from '../../../controllers/endpointSlice/desired.ts';
import { planSlices } from '../../../controllers/endpointSlice/plan.ts';
import { addZoneHints } from '../../../controllers/endpointSlice/topology.ts';
import { cpuRatios } from '../../../controllers/endpointSlice/zones.ts';

/** The same numbers for the same seed. */
function randomOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return (n: number) => Math.floor(next() * n);
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'd', uid: 'svc' },
  spec: {
    selector: { app: 'web' },
    clusterIP: '10.96.0.9',
    ipFamilies: ['IPv4'],
    ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
  },
} as unknown as Service;

const node = (zone: string, cpu: number): Node =>
  ({
    metadata: { name: zone, labels: { 'topology.kubernetes.io/zone': zone } },
    status: { allocatable: { cpu: String(cpu) }, conditions: [{ type: 'Ready', status: 'True' }] },
  }) as unknown as Node;
const nodes = [node('a', 4), node('b', 2), node('c', 2)];
const nodeOf = (name: string) => nodes.find((n) => n.metadata.name === name);

let made = 0;
function makePod(random: (n: number) => number): Pod {
  const n = ++made;
  return {
    metadata: { name: `p${n}`, namespace: 'd', uid: `u${n}`, labels: { app: 'web' } },
    spec: {
      nodeName: 'abc'[random(3)],
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 + random(2) }] }],
    },
    status: {
      phase: 'Running',
      podIPs: [{ ip: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}` }],
      conditions: [{ type: 'Ready', status: random(5) ? 'True' : 'False' }],
    },
  } as unknown as Pod;
}

const shown = (slices: readonly EndpointSlice[]) =>
  slices
    .flatMap((s) => (s.endpoints ?? []).map((e) => `${e.addresses[0]} ${s.ports?.[0]?.port} ${e.conditions?.ready}`))
    .sort();

it.each([
  [1, 2, false],
  [2, 3, false],
  [3, 5, false],
  [4, 100, false],
  [5, 3, true],
  [6, 7, true],
])('seed %i, at most %i in a slice, by zone: %s', (seed, max, byZone) => {
  const random = randomOf(seed);
  const ratios = cpuRatios(nodes);
  let pods: Pod[] = [];
  let slices: EndpointSlice[] = [];
  for (let step = 0; step < 150; step++) {
    const changes = random(4);
    const before = new Set(shown(slices));
    for (let i = 0; i < changes; i++) {
      const act = random(3);
      if (act === 0 || !pods.length) pods = [...pods, makePod(random)];
      else if (act === 1) pods = pods.toSpliced(random(pods.length), 1);
      else {
        const at = random(pods.length);
        const status = random(2) ? 'True' : 'False';
        pods = pods.map((p, j) =>
          j === at ? { ...p, status: { ...p.status, conditions: [{ type: 'Ready', status }] } } : p,
        ) as Pod[];
      }
    }
    const { groups } = desiredGroups(service, pods, nodeOf);
    const cached = structuredClone(slices);
    const plan = planSlices(service, groups, slices, max, byZone);
    if (byZone) addZoneHints(plan, 'IPv4', ratios, true);
    expect(slices, 'what is cached is not touched').toEqual(cached);
    slices = [
      ...plan.kept,
      ...plan.update,
      ...plan.create.map((s) => ({ ...s, metadata: { ...s.metadata, name: `s${++made}` } })),
    ];
    const wanted = groups
      .flatMap((g) => g.endpoints.map((e) => `${e.addresses[0]} ${g.ports[0]?.port} ${e.conditions!.ready}`))
      .sort();
    const moved = wanted.filter((e) => !before.has(e)).length + [...before].filter((e) => !wanted.includes(e)).length;
    expect(shown(slices)).toEqual(wanted);
    expect(slices.every((s) => (s.endpoints?.length ?? 0) <= max)).toBe(true);
    expect(slices.length).toBeGreaterThan(0);
    // Without hints each write has at least one endpoint as its reason, and a placeholder may come or go beside.
    const writes = plan.create.length + plan.update.length + plan.remove.length;
    if (!byZone) expect(writes).toBeLessThanOrEqual(moved + 1);
    // The same again changes nothing.
    const again = planSlices(service, desiredGroups(service, pods, nodeOf).groups, slices, max, byZone);
    if (byZone) addZoneHints(again, 'IPv4', ratios, true);
    expect([again.create.length, again.update.length, again.remove.length]).toEqual([0, 0, 0]);
  }
});
