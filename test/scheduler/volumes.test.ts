// The plugins of volumes: every status each can give, what is chosen on a node, and the events that help.
import { describe, expect, it } from 'vitest';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  nodes as nodeRow,
  persistentVolumeClaims,
  persistentVolumes,
  pods as podRow,
  type Resource,
  storageClasses,
  volumeAttachments,
} from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import { createFeatureGates } from '../../component-base/featureGates.ts';
import { action } from '../../scheduler/clusterEvents.ts';
import type { PluginFactory } from '../../scheduler/framework.ts';
import { nodeVolumeLimits } from '../../scheduler/plugins/nodeVolumeLimits.ts';
import { volumeBinding } from '../../scheduler/plugins/volumeBinding/volumeBinding.ts';
import { volumeRestrictions } from '../../scheduler/plugins/volumeRestrictions.ts';
import { volumeZone } from '../../scheduler/plugins/volumeZone.ts';
import { podInfoOf } from '../../scheduler/podInfo.ts';
import { claim, node, type PodOptions, pod, storageClass, volume } from './objects.ts';
import { createWorld, hinted } from './world.ts';

type Thing = [Resource<any>, object];
const pvc = (...args: Parameters<typeof claim>): Thing => [persistentVolumeClaims, claim(...args)];
const pv = (...args: Parameters<typeof volume>): Thing => [persistentVolumes, volume(...args)];
const sc = (...args: Parameters<typeof storageClass>): Thing => [storageClasses, storageClass(...args)];

function worldOf(things: readonly Thing[], nodes = [node('a'), node('b')], pods: Pod[] = []) {
  const world = createWorld(nodes, pods);
  for (const [resource, object] of things) world.add(resource, object);
  return world;
}

const using = (...claims: string[]): Partial<Pod['spec'] & object> => ({
  volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});
const user = (name: string, claims: string[], o: PodOptions = {}) => pod(name, { ...o, spec: using(...claims) });
const both = (said: string) => ({ a: said, b: said });

describe('VolumeBinding', () => {
  const conflict = "Unresolvable: node(s) didn't find available persistent volumes to bind";
  const full = 'Unresolvable: node(s) did not have enough free storage';
  const csi = (o: object = {}) => sc('csi', { provisioner: 'csi.example.com', ...o });
  const driver = (storageCapacity: boolean): Thing => [
    csiDrivers,
    { metadata: { name: 'csi.example.com' }, spec: { storageCapacity } },
  ];
  const capacity = (hostname: string, o: object): Thing => [
    csiStorageCapacities,
    {
      metadata: { name: `on-${hostname}`, namespace: 'default' },
      storageClassName: 'csi',
      nodeTopology: { matchLabels: { 'kubernetes.io/hostname': hostname } },
      ...o,
    },
  ];
  const topology = (value: string) => ({
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: [value] }] }],
  });
  const selected = (value: string) => ({ 'volume.kubernetes.io/selected-node': value });
  const late = sc('late');

  it.each<[string, Thing[], Record<string, string>]>([
    ['no such claim', [], both('Unresolvable: persistentvolumeclaim "c" not found')],
    [
      'a lost claim',
      [pvc('c', { volume: 'v', status: { phase: 'Lost' } })],
      both('Unresolvable: persistentvolumeclaim "c" bound to non-existent persistentvolume "v"'),
    ],
    [
      'a claim that is being deleted',
      [pvc('c', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })],
      both('Unresolvable: persistentvolumeclaim "c" is being deleted'),
    ],
    [
      'an unbound claim of a class that binds at once',
      [sc('now', { volumeBindingMode: 'Immediate' }), pvc('c', { className: 'now' })],
      both('Unresolvable: pod has unbound immediate PersistentVolumeClaims'),
    ],
    ['of no class', [pvc('c')], both('Unresolvable: pod has unbound immediate PersistentVolumeClaims')],
    [
      'one that names its volume',
      [late, pv('v', { className: 'late' }), pvc('c', { className: 'late', spec: { volumeName: 'v' } })],
      both('Unresolvable: pod has unbound immediate PersistentVolumeClaims'),
    ],
    [
      'a class that does not say when to bind',
      [sc('odd', { volumeBindingMode: undefined }), pvc('c', { className: 'odd' })],
      both('Error: running PreFilter plugin "VolumeBinding": VolumeBindingMode not set for StorageClass "odd"'),
    ],
    ['bound', [pv('v'), pvc('c', { volume: 'v' })], both('')],
    [
      'bound to a volume of one node',
      [pv('v', { node: 'a' }), pvc('c', { volume: 'v' })],
      { a: '', b: 'Unresolvable: node(s) had volume node affinity conflict' },
    ],
    [
      'bound to no volume',
      [pvc('c', { volume: 'v' })],
      both('Unresolvable: node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'),
    ],
    ['waiting, no volumes', [late, pvc('c', { className: 'late' })], both(conflict)],
    [
      'waiting, a volume on one node',
      [late, pv('v', { className: 'late', node: 'b' }), pvc('c', { className: 'late' })],
      { a: conflict, b: '' },
    ],
    ['too small', [late, pv('v', { className: 'late' }), pvc('c', { className: 'late', size: '2Gi' })], both(conflict)],
    ['of another class', [late, pv('v', { className: 'x' }), pvc('c', { className: 'late' })], both(conflict)],
    [
      'released',
      [late, pv('v', { className: 'late', phase: 'Released' }), pvc('c', { className: 'late' })],
      both(conflict),
    ],
    [
      'of another mode',
      [late, pv('v', { className: 'late', spec: { volumeMode: 'Block' } }), pvc('c', { className: 'late' })],
      both(conflict),
    ],
    [
      'without the access mode',
      [late, pv('v', { className: 'late' }), pvc('c', { className: 'late', modes: ['ReadWriteMany'] })],
      both(conflict),
    ],
    [
      'not what the selector wants',
      [
        late,
        pv('v', { className: 'late' }),
        pvc('c', { className: 'late', spec: { selector: { matchLabels: { x: 'y' } } } }),
      ],
      both(conflict),
    ],
    [
      "another claim's",
      [
        late,
        pv('v', { className: 'late', spec: { claimRef: { namespace: 'default', name: 'd' } } }),
        pvc('c', { className: 'late' }),
      ],
      both(conflict),
    ],
    [
      'kept for it, whatever its phase',
      [
        late,
        pv('v', {
          className: 'late',
          phase: 'Pending',
          node: 'a',
          spec: { claimRef: { namespace: 'default', name: 'c' } },
        }),
        pvc('c', { className: 'late' }),
      ],
      { a: '', b: conflict },
    ],
    ['to be made', [csi(), pvc('c', { className: 'csi' })], both('')],
    ['to be made in one place', [csi(topology('b')), pvc('c', { className: 'csi' })], { a: conflict, b: '' }],
    [
      'being made on a node',
      [csi(), pvc('c', { className: 'csi', annotations: selected('b') })],
      { a: conflict, b: '' },
    ],
    [
      'by a driver that tells where there is room',
      [csi(), driver(true), capacity('a', { capacity: '10Gi' }), pvc('c', { className: 'csi', size: '5Gi' })],
      { a: '', b: full },
    ],
    [
      'larger than one volume can be',
      [
        csi(),
        driver(true),
        capacity('a', { capacity: '10Gi', maximumVolumeSize: '1Gi' }),
        pvc('c', { className: 'csi', size: '5Gi' }),
      ],
      both(full),
    ],
    ['by a driver that does not tell', [csi(), driver(false), pvc('c', { className: 'csi', size: '5Gi' })], both('')],
  ])('%s', (_what, things, said) => {
    expect(worldOf(things).filter(volumeBinding, user('p', ['c']))).toEqual(said);
  });

  it('has nothing to say of pods without claims', () => {
    const world = worldOf([]);
    expect(volumeBinding(world.handle, {}).preFilter!(podInfoOf(pod('p')))).toBeUndefined();
  });

  it('waits for the claims of ephemeral volumes, which must be its own', () => {
    const p = pod('p', { spec: { volumes: [{ name: 'e', ephemeral: {} }] } });
    expect(worldOf([]).filter(volumeBinding, p)).toEqual(
      both('Unresolvable: waiting for ephemeral volume controller to create the persistentvolumeclaim "p-e"'),
    );
    expect(worldOf([pvc('p-e')]).filter(volumeBinding, p)).toEqual(
      both('Unresolvable: PVC default/p-e was not created for pod default/p (pod is not owner)'),
    );
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-p', controller: true };
    const own = pvc('p-e', {
      volume: 'v',
      metadata: { ownerReferences: [owner], annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    });
    expect(worldOf([pv('v'), own]).filter(volumeBinding, p)).toEqual(both(''));
  });

  const reserved = (things: Thing[], p: Pod) => {
    const world = worldOf([...things, [nodeRow, node('a')], [podRow, p]]);
    const plugin = volumeBinding(world.handle, {});
    const info = podInfoOf(p);
    world.cache.refresh(world.handle.snapshot);
    const filter = plugin.preFilter!(info) as any;
    expect(filter.test(world.handle.snapshot.get('a'))).toBeUndefined();
    plugin.reserve!(info, 'a');
    return { world, plugin, info };
  };

  it('takes the smallest volumes that will do, and leaves no volume to two', () => {
    const things = [
      late,
      pv('large', { className: 'late', size: '9Gi' }),
      pv('small', { className: 'late', size: '3Gi' }),
      pvc('c', { className: 'late', size: '2Gi' }),
      pvc('d', { className: 'late', size: '1Gi' }),
      pvc('e', { className: 'late', size: '1Gi' }),
    ];
    const { world, plugin, info } = reserved(things, user('p', ['c', 'd']));
    // Both volumes are given away now, until they are given back.
    expect(world.filter(volumeBinding, user('q', ['e']))).toEqual(both(conflict));
    plugin.unreserve!(info, 'a');
    expect(world.filter(volumeBinding, user('q', ['e']))).toEqual(both(''));
  });

  it('gives a claim that two volumes name one volume', () => {
    const things = [
      late,
      pv('one', { className: 'late' }),
      pv('two', { className: 'late' }),
      pvc('c', { className: 'late' }),
      pvc('e', { className: 'late' }),
    ];
    const { world } = reserved(things, user('p', ['c', 'c']));
    expect(world.filter(volumeBinding, user('q', ['e']))).toEqual(both(''));
  });

  const written = async (things: Thing[], seen: (object: any) => Thing[]) => {
    const { world, plugin, info } = reserved(things, user('p', ['c']));
    const patches: any[] = [];
    let version = 1;
    const patch = async (r: Resource<any>, name: string, ns: string | undefined, _type: string, body: any) => {
      patches.push({ ...body, name });
      const informer = world.handle.informers.informer(r) as any;
      const old = informer.get(ns ? `${ns}/${name}` : name);
      const now = {
        ...old,
        metadata: {
          ...old.metadata,
          annotations: { ...old.metadata.annotations, ...body.metadata.annotations },
          resourceVersion: String(++version),
        },
        spec: { ...old.spec, ...body.spec },
      };
      for (const [resource, object] of seen(now)) {
        const cache = world.handle.informers.informer(resource) as any;
        if (object) cache.apply('MODIFIED', object);
        else for (const gone of cache.list()) cache.apply('DELETED', gone);
      }
      return now;
    };
    (world.handle as any).client = { patch };
    const status = await plugin.preBind!(info, 'a', AbortSignal.abort());
    return { patches, status };
  };
  const done = (name: string, volumeName: string, o: object = {}): Thing =>
    pvc(name, { className: 'late', volume: volumeName, ...o });

  it('writes the volume and is through when the claim is bound', async () => {
    const { patches, status } = await written(
      [late, pv('v', { className: 'late' }), pvc('c', { className: 'late' })],
      (now) => [[persistentVolumes, now], done('c', 'v')],
    );
    expect(status).toBeUndefined();
    expect(patches).toEqual([
      expect.objectContaining({
        name: 'v',
        spec: { claimRef: expect.objectContaining({ name: 'c', namespace: 'default', uid: 'uid-c' }) },
      }),
    ]);
  });

  it.each<[string, (now: any) => Thing[], string]>([
    ['nothing comes', (now) => [[persistentVolumes, now]], 'context canceled'],
    [
      'the volume is taken away again',
      (now) => [[persistentVolumes, { ...now, spec: { ...now.spec, claimRef: undefined } }]],
      'ClaimRef got reset for pv "v"',
    ],
    [
      'the node is gone',
      (now) => [
        [nodeRow, undefined as any],
        [persistentVolumes, now],
      ],
      'failed to get node "a": node "a" not found',
    ],
    [
      'the pod is gone',
      (now) => [
        [podRow, undefined as any],
        [persistentVolumes, now],
      ],
      'pod does not exist any more: pod "p" not found',
    ],
    [
      'the volume is now of another node',
      (now) => [
        [
          persistentVolumes,
          { ...now, spec: { ...now.spec, nodeAffinity: volume('x', { node: 'b' }).spec!.nodeAffinity } },
        ],
      ],
      'pv "v" node affinity doesn\'t match node "a": no matching NodeSelectorTerms',
    ],
  ])('gives up when %s', async (_what, seen, why) => {
    const things = [late, pv('v', { className: 'late' }), pvc('c', { className: 'late' })];
    const { status } = await written(things, seen);
    expect(status).toEqual({
      code: 'Error',
      plugin: 'VolumeBinding',
      reasons: [`running PreBind plugin "VolumeBinding": binding volumes: ${why}`],
    });
  });

  it.each<[string, (now: any) => Thing[], string | undefined]>([
    [
      'is through when a volume was made',
      (now) => [
        pv('made'),
        [
          persistentVolumeClaims,
          {
            ...claim('c', { className: 'csi', volume: 'made' }),
            metadata: {
              ...now.metadata,
              annotations: { ...now.metadata.annotations, 'pv.kubernetes.io/bind-completed': 'yes' },
            },
          },
        ],
      ],
      undefined,
    ],
    [
      'gives up when the provisioner did',
      (now) => [[persistentVolumeClaims, { ...now, metadata: { ...now.metadata, annotations: {} } }]],
      'provisioning failed for PVC "c"',
    ],
    [
      'gives up when all annotations went',
      (now) => [[persistentVolumeClaims, { ...now, metadata: { ...now.metadata, annotations: undefined } }]],
      'selectedNode annotation reset for PVC "c"',
    ],
  ])('%s', async (_what, seen, why) => {
    const { patches, status } = await written([csi(), pvc('c', { className: 'csi' })], seen);
    expect(patches[0]).toMatchObject({ name: 'c', metadata: { annotations: selected('a') } });
    expect(status?.reasons[0]).toBe(why && `running PreBind plugin "VolumeBinding": binding volumes: ${why}`);
  });

  it('scores by capacity behind its gate', () => {
    const things = [
      csi(),
      driver(true),
      capacity('a', { capacity: '10Gi' }),
      capacity('b', { capacity: '100Gi' }),
      pvc('c', { className: 'csi', size: '5Gi' }),
    ];
    const world = worldOf(things);
    const scored = () => {
      const plugin = volumeBinding(world.handle, {});
      const info = podInfoOf(user('p', ['c']));
      const filter = plugin.preFilter!(info) as any;
      for (const n of world.handle.snapshot.nodes) filter.test(n);
      const scorer = plugin.preScore!(info, world.handle.snapshot.nodes);
      return scorer && world.handle.snapshot.nodes.map((n) => scorer.score(n));
    };
    world.cache.refresh(world.handle.snapshot);
    expect(scored()).toBeUndefined();
    (world.handle as any).gates = createFeatureGates({ StorageCapacityScoring: 'true' });
    expect(scored()).toEqual([50, 95]);
  });

  const p = user('p', ['c']);
  it.each<[string, string, number, any, any, boolean | undefined]>([
    ['its claim comes', 'PersistentVolumeClaim', action.add, undefined, claim('c'), true],
    ['another claim comes', 'PersistentVolumeClaim', action.add, undefined, claim('d'), false],
    [
      'a claim of another namespace',
      'PersistentVolumeClaim',
      action.update,
      claim('c'),
      claim('c', { namespace: 'x' }),
      false,
    ],
    ['any volume', 'PersistentVolume', action.update, volume('v'), volume('v'), true],
    ['a volume goes', 'PersistentVolume', action.delete, volume('v'), undefined, undefined],
    ['a class comes', 'StorageClass', action.add, undefined, storageClass('s'), true],
    [
      'a class in other places',
      'StorageClass',
      action.update,
      storageClass('s'),
      storageClass('s', topology('a')),
      true,
    ],
    [
      'a class otherwise',
      'StorageClass',
      action.update,
      storageClass('s'),
      storageClass('s', { parameters: {} }),
      false,
    ],
    ['a node comes', 'Node', action.add, undefined, node('n'), true],
    ['a driver stops telling', 'CSIDriver', action.update, { spec: { storageCapacity: true } }, { spec: {} }, true],
    ['a driver otherwise', 'CSIDriver', action.update, { spec: {} }, { spec: { storageCapacity: true } }, false],
    ['more room', 'CSIStorageCapacity', action.update, { capacity: '1Gi' }, { capacity: '2Gi' }, true],
    ['less room', 'CSIStorageCapacity', action.update, { capacity: '2Gi' }, { capacity: '1Gi' }, false],
    ['a CSINode as before', 'CSINode', action.update, { metadata: {} }, { metadata: {} }, false],
  ])('event: %s', (_what, resource, actions, old, now, helps) => {
    const plugin = volumeBinding(worldOf([]).handle, {});
    expect(hinted(plugin, p, { resource, actions }, old, now)).toBe(helps);
  });
});

describe('VolumeRestrictions', () => {
  const exclusive = (name: string) => pvc(name, { modes: ['ReadWriteOncePod'] });
  const taken =
    'Unschedulable: node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode';
  const noDisk = 'Unschedulable: node(s) had no available disk';
  const disk = (source: object, nodeName?: string) =>
    pod(nodeName ?? 'p', { nodeName, spec: { volumes: [{ name: 'v', ...source }] } } as PodOptions);
  it.each<[string, Thing[], Pod, Pod[], Record<string, string>]>([
    ['no such claim', [], user('p', ['c']), [], both('Unresolvable: persistentvolumeclaim "c" not found')],
    ['a claim for one pod that nobody uses', [exclusive('c')], user('p', ['c']), [], both('')],
    ['that another uses', [exclusive('c')], user('p', ['c']), [user('q', ['c'], { nodeName: 'a' })], both(taken)],
    [
      'that one elsewhere uses',
      [exclusive('c')],
      user('p', ['c']),
      [user('q', ['c'], { nodeName: 'a', namespace: 'x' })],
      both(''),
    ],
    ['a shared claim', [pvc('c')], user('p', ['c']), [user('q', ['c'], { nodeName: 'a' })], both('')],
  ])('%s', (_what, things, p, pods, said) => {
    for (const other of pods) other.spec!.nodeName ??= 'a';
    const placed = pods.map((q) => ({ ...q, spec: { ...q.spec!, nodeName: 'a' } }));
    expect(worldOf(things, undefined, placed as Pod[]).filter(volumeRestrictions, p)).toEqual(said);
  });

  const ebs = (volumeID: string, readOnly = false) => ({ awsElasticBlockStore: { volumeID, readOnly } });
  const gce = (pdName: string, readOnly = false) => ({ gcePersistentDisk: { pdName, readOnly } });
  const iscsi = (iqn: string, readOnly = false) => ({ iscsi: { iqn, readOnly, lun: 0, targetPortal: 't' } });
  const rbd = (monitors: string[], image = 'i', readOnly = false) => ({ rbd: { monitors, image, readOnly } });
  it.each<[string, object, object, string]>([
    ['the same EBS volume, even read-only', ebs('v', true), ebs('v', true), noDisk],
    ['another EBS volume', ebs('v'), ebs('w'), ''],
    ['the same GCE disk', gce('v'), gce('v', true), noDisk],
    ['the same GCE disk, both reading', gce('v', true), gce('v', true), ''],
    ['the same iSCSI target', iscsi('v'), iscsi('v'), noDisk],
    ['the same iSCSI target, both reading', iscsi('v', true), iscsi('v', true), ''],
    ['the same RBD image by one monitor in common', rbd(['m', 'n']), rbd(['n', 'o']), noDisk],
    ['RBD of other monitors', rbd(['m']), rbd(['n']), ''],
    ['another RBD image', rbd(['m'], 'i'), rbd(['m'], 'j'), ''],
  ])('%s', (_what, mine, theirs, said) => {
    const there = disk(theirs);
    there.spec!.nodeName = 'a';
    there.metadata.name = 'there';
    there.metadata.uid = 'there';
    expect(worldOf([], undefined, [there]).filter(volumeRestrictions, disk(mine))).toEqual({ a: said, b: '' });
  });

  it('fits when the pod that uses the claim is thought away', () => {
    const holder = user('q', ['c']);
    holder.spec!.nodeName = 'a';
    const world = worldOf([exclusive('c')], undefined, [holder]);
    world.cache.refresh(world.handle.snapshot);
    const filter = volumeRestrictions(world.handle, {}).preFilter!(podInfoOf(user('p', ['c']))) as any;
    const fork = filter.fork();
    const at = world.handle.snapshot.get('a')!;
    expect(fork.test(at)).toBeDefined();
    fork.change(podInfoOf(holder), at, -1);
    expect(fork.test(at)).toBeUndefined();
  });

  it.each<[string, string, number, any, any, boolean | undefined]>([
    ['its claim comes', 'PersistentVolumeClaim', action.add, undefined, claim('c'), true],
    ['another', 'PersistentVolumeClaim', action.add, undefined, claim('d'), false],
    ['its claim changes', 'PersistentVolumeClaim', action.update, claim('c'), claim('c'), undefined],
    ['the pod with its claim goes', 'AssignedPod', action.delete, podInfoOf(user('q', ['c'])), undefined, true],
    [
      'a pod elsewhere',
      'AssignedPod',
      action.delete,
      podInfoOf(user('q', ['c'], { namespace: 'x' })),
      undefined,
      false,
    ],
    ['another pod', 'AssignedPod', action.delete, podInfoOf(pod('q')), undefined, false],
    ['a node comes', 'Node', action.add, undefined, node('n'), true],
  ])('event: %s', (_what, resource, actions, old, now, helps) => {
    const plugin = volumeRestrictions(worldOf([]).handle, {});
    expect(hinted(plugin, user('p', ['c']), { resource, actions }, old, now)).toBe(helps);
  });
});

describe('VolumeZone', () => {
  const zone = 'topology.kubernetes.io/zone';
  const beta = 'failure-domain.beta.kubernetes.io/zone';
  const refused = 'Unresolvable: node(s) had no available volume zone';
  const nodes = [node('a', { labels: { [zone]: 'z1' } }), node('b', { labels: { [zone]: 'z2' } }), node('c')];
  const all = (said: string) => ({ a: said, b: said, c: said });
  it.each<[string, Thing[], Record<string, string>]>([
    ['no such claim', [], all('Unresolvable: persistentvolumeclaim "c" not found')],
    ['no such volume', [pvc('c', { volume: 'v' })], all('Unresolvable: persistentvolume "v" not found')],
    [
      'neither volume nor class',
      [pvc('c')],
      all('Unresolvable: PersistentVolumeClaim had no pv name and storageClass name'),
    ],
    ['no such class', [pvc('c', { className: 's' })], all('Unresolvable: storageclass.storage.k8s.io "s" not found')],
    [
      'a class that does not say when',
      [sc('s', { volumeBindingMode: undefined }), pvc('c', { className: 's' })],
      all('Unresolvable: VolumeBindingMode not set for StorageClass "s"'),
    ],
    [
      'a class that binds at once',
      [sc('s', { volumeBindingMode: 'Immediate' }), pvc('c', { className: 's' })],
      all('Unresolvable: PersistentVolume had no name'),
    ],
    ['a claim that waits', [sc('s'), pvc('c', { className: 's' })], all('')],
    ['a volume anywhere', [pv('v'), pvc('c', { volume: 'v' })], all('')],
    [
      'a volume of a zone',
      [pv('v', { labels: { [zone]: 'z1' } }), pvc('c', { volume: 'v' })],
      { a: '', b: refused, c: '' },
    ],
    ['of two zones', [pv('v', { labels: { [zone]: 'z1__z2' } }), pvc('c', { volume: 'v' })], all('')],
    [
      'with the old label',
      [pv('v', { labels: { [beta]: 'z2' } }), pvc('c', { volume: 'v' })],
      { a: refused, b: '', c: '' },
    ],
    [
      'of a region that no node names',
      [pv('v', { labels: { 'topology.kubernetes.io/region': 'r' } }), pvc('c', { volume: 'v' })],
      { a: refused, b: refused, c: '' },
    ],
  ])('%s', (_what, things, said) => {
    expect(worldOf(things, nodes).filter(volumeZone, user('p', ['c']))).toEqual(said);
  });

  it.each<[string, string, number, any, any, boolean | undefined]>([
    ['a class that waits comes', 'StorageClass', action.add, undefined, storageClass('s'), true],
    ['one that binds at once', 'StorageClass', action.add, undefined, { volumeBindingMode: 'Immediate' }, false],
    ['its claim', 'PersistentVolumeClaim', action.update, claim('c'), claim('c'), true],
    ['another', 'PersistentVolumeClaim', action.update, claim('d'), claim('d'), false],
    ['a new volume', 'PersistentVolume', action.add, undefined, volume('v'), true],
    ['a volume as it was', 'PersistentVolume', action.update, volume('v'), volume('v', { labels: { x: 'y' } }), false],
    ['in another zone', 'PersistentVolume', action.update, volume('v'), volume('v', { labels: { [zone]: 'z' } }), true],
    ['a node', 'Node', action.updateNodeLabel, node('n'), node('n'), true],
    ['its taints', 'Node', action.updateNodeTaint, node('n'), node('n'), undefined],
  ])('event: %s', (_what, resource, actions, old, now, helps) => {
    const plugin = volumeZone(worldOf([]).handle, {});
    expect(hinted(plugin, user('p', ['c']), { resource, actions }, old, now)).toBe(helps);
  });
});

describe('NodeVolumeLimits', () => {
  const driver = 'csi.example.com';
  const refused = 'Unschedulable: node(s) exceed max volume count';
  const limit = (name: string, count?: number, annotations = {}): Thing => [
    csiNodes,
    {
      metadata: { name, annotations },
      spec: { drivers: [{ name: driver, nodeID: name, ...(count !== undefined && { allocatable: { count } }) }] },
    },
  ];
  const csiVolume = (name: string): Thing[] => [
    pv(name, { spec: { csi: { driver, volumeHandle: `h-${name}` } } }),
    pvc(name, { volume: name }),
  ];
  const attachment = (nodeName: string, persistentVolumeName: string): Thing => [
    volumeAttachments,
    {
      metadata: { name: `${nodeName}-${persistentVolumeName}` },
      spec: { attacher: driver, nodeName, source: { persistentVolumeName } },
    },
  ];
  const at = (name: string, nodeName: string, ...claims: string[]) => {
    const p = user(name, claims);
    p.spec!.nodeName = nodeName;
    return p;
  };
  const migrated = { 'storage.alpha.kubernetes.io/migrated-plugins': 'kubernetes.io/aws-ebs' };
  const ebsLimit: Thing = [
    csiNodes,
    {
      metadata: { name: 'a', annotations: migrated },
      spec: { drivers: [{ name: 'ebs.csi.aws.com', allocatable: { count: 0 } }] },
    },
  ];
  const disks = pod('p', { spec: { volumes: [{ name: 'd', awsElasticBlockStore: { volumeID: 'aws://z/vol-1' } }] } });
  it.each<[string, Thing[], Pod, Pod[], Record<string, string>]>([
    ['no volumes', [limit('a', 0)], pod('p'), [], both('')],
    [
      'no such claim',
      [limit('a', 1)],
      user('p', ['v']),
      [],
      both('Unresolvable: looking up PVC default/v: persistentvolumeclaim "v" not found'),
    ],
    ['no limit', [limit('a'), ...csiVolume('v')], user('p', ['v']), [], both('')],
    ['within it', [limit('a', 1), ...csiVolume('v')], user('p', ['v']), [], both('')],
    [
      'above it',
      [limit('a', 1), ...csiVolume('v'), ...csiVolume('w')],
      user('p', ['v', 'w']),
      [],
      { a: refused, b: '' },
    ],
    [
      'with the pods that are there',
      [limit('a', 1), ...csiVolume('v'), ...csiVolume('w')],
      user('p', ['v']),
      [at('q', 'a', 'w')],
      { a: refused, b: '' },
    ],
    [
      'a volume that is there already',
      [limit('a', 1), ...csiVolume('v')],
      user('p', ['v']),
      [at('q', 'a', 'v')],
      both(''),
    ],
    [
      'with attachments whose pods are gone',
      [limit('a', 1), attachment('a', 'w'), ...csiVolume('v'), ...csiVolume('w')],
      user('p', ['v']),
      [],
      { a: refused, b: '' },
    ],
    ['its own attachment', [limit('a', 1), attachment('a', 'v'), ...csiVolume('v')], user('p', ['v']), [], both('')],
    [
      'a claim that will get one',
      [limit('a', 0), sc('s', { provisioner: driver }), pvc('v', { className: 's' })],
      user('p', ['v']),
      [],
      { a: refused, b: '' },
    ],
    ['an in-tree disk that a driver attaches', [ebsLimit], disks, [], { a: refused, b: '' }],
  ])('%s', (_what, things, p, pods, said) => {
    expect(worldOf(things, undefined, pods).filter(nodeVolumeLimits, p)).toEqual(said);
  });

  const csiNode = (count: number) => ({ spec: { drivers: [{ name: driver, allocatable: { count } }] } });
  it.each<[string, string, number, any, any, boolean | undefined]>([
    ['a CSINode comes', 'CSINode', action.add, undefined, csiNode(1), true],
    ['more room', 'CSINode', action.update, csiNode(1), csiNode(2), true],
    ['less', 'CSINode', action.update, csiNode(2), csiNode(1), false],
    ['a pod with volumes goes', 'AssignedPod', action.delete, podInfoOf(user('q', ['x'])), undefined, true],
    ['one without', 'AssignedPod', action.delete, podInfoOf(pod('q')), undefined, false],
    ['its claim', 'PersistentVolumeClaim', action.add, undefined, claim('v'), true],
    ['another', 'PersistentVolumeClaim', action.add, undefined, claim('x'), false],
    [
      'a volume of its driver is taken off',
      'VolumeAttachment',
      action.delete,
      attachment('a', 'w')[1],
      undefined,
      true,
    ],
    [
      'one of another driver',
      'VolumeAttachment',
      action.delete,
      { spec: { attacher: 'x', nodeName: 'a', source: { persistentVolumeName: 'w' } } },
      undefined,
      false,
    ],
  ])('event: %s', (_what, resource, actions, old, now, helps) => {
    const plugin = nodeVolumeLimits(worldOf(csiVolume('v')).handle, {});
    const hint = plugin.events!.filter((e) => e.resource === resource && (e.actions & actions) !== 0);
    const info = podInfoOf(user('p', ['v']));
    expect(hint[0] && hint.some((h) => h.helps?.(info, old, now) ?? true)).toBe(helps);
  });
});

it('every volume plugin skips pods without volumes', () => {
  const world = worldOf([]);
  const factories: PluginFactory[] = [volumeBinding, volumeRestrictions, volumeZone, nodeVolumeLimits];
  for (const make of factories) expect(make(world.handle, {}).preFilter!(podInfoOf(pod('p')))).toBeUndefined();
});
