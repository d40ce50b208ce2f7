// Attachments of volumes in random worlds: pods come and go on several nodes, kubelets mount what they are told they have, an attacher
// works at its own pace. A volume for one node is never attached to two, and none is taken from a node that has it mounted; at rest every
// pod that can have its volume has it, and nothing is attached that nobody uses.
import { expect, it } from 'vitest';
import {
  csiDrivers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../../apimachinery/resources.ts';
import { attachDetachController } from '../../../controllers/attachDetach/attachDetach.ts';
import { uniqueName } from '../../../controllers/attachDetach/volumes.ts';
import { makeClaim, makeVolume } from '../storage/objects.ts';
import type { StoreEvent } from './store.ts';
import { inWorlds, timeLimit, World } from './world.ts';

const nodeNames = ['n0', 'n1', 'n2'];
const attacher = 'external-attacher/d.example';
const modes = { single: ['ReadWriteOnce'], other: ['ReadWriteOnce'], shared: ['ReadWriteMany'] };

class Storage {
  readonly world: World;
  moves = 0;
  /** `node unique-name` */
  private readonly mounted = new Set<string>();
  private made = 0;

  constructor(seed: number) {
    this.world = new World({
      seed,
      resources: [pods, persistentVolumeClaims, persistentVolumes, volumeAttachments, csiDrivers, nodes],
      controllers: [() => attachDetachController({ syncPeriod: 0, neverForce: false })],
      happen: () => (this.world.faults && this.world.chance(0.25) ? this.people() : this.others()),
      check: (_, plural, event) => plural === 'volumeattachments' && this.check(event),
    });
    const { store } = this.world;
    const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
    for (const name of nodeNames) {
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      store.create(nodes, { metadata: { name, annotations }, spec: {}, status });
    }
    for (const [name, accessModes] of Object.entries(modes)) {
      const claim = store.create(
        persistentVolumeClaims,
        makeClaim(name, { modes: accessModes, volume: name, status: { phase: 'Bound' } }),
      );
      store.create(
        persistentVolumes,
        makeVolume(name, { modes: accessModes, claim: { name, uid: claim.metadata.uid } }),
      );
    }
    this.world.start();
  }

  volumes = (): any[] => this.world.store.all(persistentVolumes);
  attachments = (volume: any): any[] =>
    this.world.store.all(volumeAttachments).filter((a) => a.spec.source.persistentVolumeName === volume.metadata.name);
  /** Nodes whose pods want it. */
  wantedOn = (volume: any): string[] => {
    const users = this.world.store
      .all(pods)
      .filter((p) => p.spec.volumes[0].persistentVolumeClaim.claimName === volume.metadata.name);
    return [...new Set<string>(users.map((p) => p.spec.nodeName))];
  };
  isMounted = (node: string, volume: any): boolean => this.mounted.has(`${node} ${uniqueName(volume)}`);

  private check({ type, object }: StoreEvent): void {
    const volume = this.volumes().find((v) => v.metadata.name === object.spec.source.persistentVolumeName);
    if (type === 'ADDED') this.moves++;
    if (volume.metadata.name !== 'shared' && this.attachments(volume).length > 1)
      throw new Error(`${volume.metadata.name} is attached to two nodes`);
    const goes = type === 'DELETED' || object.metadata.deletionTimestamp;
    if (goes && this.isMounted(object.spec.nodeName, volume))
      throw new Error(`${volume.metadata.name} is taken from ${object.spec.nodeName}, which has it mounted`);
  }

  private people(): boolean {
    const { store, pick, chance } = this.world;
    const all = store.all(pods);
    if (all.length && (all.length > 4 || chance(0.5))) store.remove(pods, pick(all));
    else {
      const claimName = pick(Object.keys(modes));
      const volumes = [{ name: 'v', persistentVolumeClaim: { claimName } }];
      const spec = { nodeName: pick(nodeNames), volumes, containers: [{ name: 'c' }] };
      store.create(pods, { metadata: { name: `p${++this.made}`, namespace: 'd' }, spec });
    }
    return true;
  }

  /** Kubelets and the attacher: one step of one of them; false: none has anything to do. */
  private others(): boolean {
    const steps = [
      ...this.volumes().flatMap((v) => nodeNames.map((n) => this.kubeletStep(n, v))),
      ...this.world.store.all(volumeAttachments).map((a) => this.attacherStep(a)),
    ].filter((step) => step !== undefined);
    this.world.pick(steps)?.();
    return steps.length > 0;
  }

  /** In use is said before it is looked whether it is attached, and until after it is unmounted. */
  private kubeletStep(name: string, volume: any): (() => void) | undefined {
    const { store } = this.world;
    const unique = uniqueName(volume);
    const key = `${name} ${unique}`;
    const node = store.get(nodes, name);
    const inUse: string[] = node.status.volumesInUse ?? [];
    const say = (next: string[]) => () =>
      store.change(nodes, node, (copy) => {
        copy.status.volumesInUse = next;
      });
    const isAttached = node.status.volumesAttached?.some((v: any) => v.name === unique);
    if (this.wantedOn(volume).includes(name)) {
      if (!inUse.includes(unique)) return say([...inUse, unique]);
      return isAttached && !this.mounted.has(key) ? () => this.mounted.add(key) : undefined;
    }
    if (this.mounted.has(key)) return () => this.mounted.delete(key);
    return inUse.includes(unique) ? say(inUse.filter((u) => u !== unique)) : undefined;
  }

  private attacherStep(a: any): (() => void) | undefined {
    const { store } = this.world;
    if (a.metadata.deletionTimestamp)
      return () =>
        store.change(volumeAttachments, a, (copy) => {
          copy.metadata.finalizers = undefined;
        });
    if (a.status?.attached) return undefined;
    return () =>
      store.change(volumeAttachments, a, (copy) => {
        copy.metadata.finalizers = [attacher];
        copy.status = { attached: true };
      });
  }
}

let moves = 0;
it('attachments', { timeout: timeLimit }, async () => {
  await inWorlds(
    60,
    (seed) => {
      storage = new Storage(seed);
      return storage.world;
    },
    async (world) => {
      for (let i = 0; i < 400; i++) await world.step();
      await world.settle();
      expectRest(storage);
      moves += storage.moves;
    },
  );
  expect(moves).toBeGreaterThan(300);
});
let storage: Storage;

function expectRest(s: Storage): void {
  for (const volume of s.volumes()) {
    const { name } = volume.metadata;
    const on = s
      .attachments(volume)
      .map((a) => a.spec.nodeName)
      .sort();
    const wanted = s.wantedOn(volume).sort();
    if (name === 'shared') expect(on, name).toEqual(wanted);
    else expect([on.length, on.every((n) => wanted.includes(n))], name).toEqual([Math.min(wanted.length, 1), true]);
    for (const node of nodeNames) expect(s.isMounted(node, volume), `${name} on ${node}`).toBe(on.includes(node));
  }
  for (const node of s.world.store.all(nodes)) {
    const has = s.volumes().filter((v) => s.attachments(v).some((a) => a.spec.nodeName === node.metadata.name));
    const told = (node.status.volumesAttached ?? []).map((v: any) => v.name);
    expect(told, node.metadata.name).toEqual(has.map(uniqueName).sort());
  }
}
