import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  csiDrivers,
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  serviceAccounts,
  volumeAttachments,
} from '../../../apimachinery/resources.ts';
import type { Node, Pod, VolumeAttachment } from '../../../apimachinery/types.ts';
import type { Client } from '../../../client/client.ts';
import { parseFlags } from '../../../component-base/flags.ts';
import { attachDetachFlags, attachDetachOptions } from '../../../controllers/attachDetach/flags.ts';
import { planAttachments, type VolumeWorld } from '../../../controllers/attachDetach/plan.ts';
import { attachmentName } from '../../../controllers/attachDetach/volumes.ts';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type RunningManager, startManager } from '../manager.ts';
import { makeVolume } from './objects.ts';

const minute = 60_000;
describe('where a volume is attached and detached', () => {
  const volume = makeVolume('v');
  const inUse = 'kubernetes.io/csi/d.example^v';
  const pod = (name: string, namespace = 'd') => ({ metadata: { name, namespace } }) as Pod;
  const node = (o: { uses?: boolean; ready?: boolean; taint?: boolean }) =>
    ({
      metadata: { name: 'x' },
      spec: { taints: o.taint ? [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] : [] },
      status: {
        volumesInUse: o.uses ? [inUse] : [],
        conditions: [{ type: 'Ready', status: o.ready === false ? 'False' : 'True' }],
      },
    }) as unknown as Node;
  const attachment = (on: string) => ({ metadata: { name: `a-${on}` }, spec: { nodeName: on } }) as VolumeAttachment;
  const decide = (
    wanted: Record<string, Pod[]>,
    on: string[],
    o: Partial<VolumeWorld> & { of?: typeof volume; is?: Node | null } = {},
  ) => {
    const plan = planAttachments(o.of ?? volume, {
      wanted: new Map(Object.entries(wanted)),
      attachments: on.map(attachment),
      node: () => (o.is === null ? undefined : (o.is ?? node({}))),
      unwantedSince: () => 0,
      now: 0,
      neverForce: false,
      ...o,
    });
    const { attach, detach, blocked, after } = plan;
    const texts = blocked.flatMap((b) => b.messages.map((m) => `${m.pod.metadata.name}: ${m.text}`));
    return {
      attach,
      detach: detach.map((d) => `${d.attachment.spec.nodeName}${d.force ? ' by force' : ''}`),
      ...(texts.length ? { texts } : {}),
      ...(after ? { after } : {}),
    };
  };
  const error = 'Multi-Attach error for volume "v"';
  const shared = makeVolume('v', { modes: ['ReadWriteMany'] });
  it.each<[string, ReturnType<typeof decide>, object]>([
    ['wanted', decide({ n: [pod('p')] }, []), { attach: ['n'], detach: [] }],
    ['there', decide({ n: [pod('p')] }, ['n']), { attach: [], detach: [] }],
    ['wanted no more', decide({}, ['n']), { attach: [], detach: ['n'] }],
    [
      'moves: away first',
      decide({ m: [pod('p')] }, ['n']),
      {
        attach: [],
        detach: ['n'],
        texts: [`p: ${error} Volume is already exclusively attached to one node and can't be attached to another`],
      },
    ],
    [
      'two nodes want it',
      decide({ n: [pod('p')], m: [pod('q')] }, []),
      { attach: ['n'], detach: [], texts: [`q: ${error} Volume is already used by pod(s) p`] },
    ],
    [
      'users in two namespaces',
      decide({ n: [pod('p'), pod('o', 'other')], m: [pod('q')] }, ['n']),
      {
        attach: [],
        detach: [],
        texts: [`q: ${error} Volume is already used by pod(s) p and 1 pod(s) in different namespaces`],
      },
    ],
    [
      'users elsewhere',
      decide({ n: [pod('o', 'other')], m: [pod('q')] }, ['n']),
      { attach: [], detach: [], texts: [`q: ${error} Volume is already used by 1 pod(s) in different namespaces`] },
    ],
    ['shared', decide({ n: [pod('p')], m: [pod('q')] }, ['n'], { of: shared }), { attach: ['m'], detach: [] }],
    [
      'still mounted',
      decide({}, ['n'], { is: node({ uses: true }), now: minute }),
      { attach: [], detach: [], after: 5 * minute + 1 },
    ],
    [
      'still mounted on a node that is well',
      decide({}, ['n'], { is: node({ uses: true }), now: 7 * minute }),
      { attach: [], detach: [] },
    ],
    [
      'still mounted on an ill node',
      decide({}, ['n'], { is: node({ uses: true, ready: false }), now: 7 * minute }),
      { attach: [], detach: ['n by force'] },
    ],
    [
      'the same, but never by force',
      decide({}, ['n'], { is: node({ uses: true, ready: false }), now: 7 * minute, neverForce: true }),
      { attach: [], detach: [] },
    ],
    [
      'out of service',
      decide({}, ['n'], { is: node({ uses: true, ready: false, taint: true }) }),
      { attach: [], detach: ['n by force'] },
    ],
    ['the node is gone', decide({}, ['n'], { is: null }), { attach: [], detach: [], after: 6 * minute + 1 }],
    [
      'the node has long been gone',
      decide({}, ['n'], { is: null, now: 7 * minute }),
      { attach: [], detach: ['n by force'] },
    ],
  ])('%s', (_, plan, expected) => {
    expect(plan).toEqual(expected);
  });

  it('the name is upstream’s: sha256 of handle, driver and node', () => {
    const csi = { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' };
    expect(attachmentName(makeVolume('v', { spec: { csi } }), 'node-1')).toBe(
      'csi-58932ddfc9a6504f794af09a26429db947138ba3d683dee3d975aa932cb39f48',
    );
  });
});

it('a period of less than a second is refused', () => {
  const { config } = parseFlags(attachDetachFlags, ['--attach-detach-reconcile-sync-period=900ms']);
  expect(() => attachDetachOptions(config)).toThrow('must be a second or more');
  expect(
    attachDetachOptions(parseFlags(attachDetachFlags, ['--disable-attach-detach-reconcile-sync']).config).syncPeriod,
  ).toBe(0);
});

describe('in a cluster', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  const namespace = 'default';
  beforeAll(async () => {
    server = await startTestApiServer({ process: true });
    client = await server.client();
    manager = startManager(server, ['--controllers=*,-node-lifecycle-controller,-pod-garbage-collector-controller']);
    await until(async () => Boolean(await client.get(serviceAccounts, 'default', namespace).catch(() => undefined)));
    for (const name of ['n1', 'n2']) {
      const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
      await client.create(nodes, { metadata: { name, annotations } } as never);
    }
  });
  afterAll(async () => {
    await manager?.stop();
    client?.close();
    await server?.stop();
  });

  async function boundClaim(name: string, driver: string) {
    await client.create(persistentVolumes, {
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        csi: { driver, volumeHandle: name },
        storageClassName: '',
        claimRef: { namespace, name },
      },
    } as never);
    await client.create(persistentVolumeClaims, {
      metadata: { name, namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
    } as never);
  }
  const pod = (name: string, nodeName: string, claimName: string) =>
    client.create(pods, {
      metadata: { name, namespace },
      spec: {
        nodeName,
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
      },
    } as never);
  const attachment = (volume: string, node: string): Promise<VolumeAttachment | undefined> =>
    client
      .get(
        volumeAttachments,
        attachmentName(makeVolume(volume, { spec: { csi: { driver: 'd.example', volumeHandle: volume } } }), node),
      )
      .catch(() => undefined);
  const told = async (about: string, reason: string): Promise<string> => {
    let text = '';
    const fieldSelector = `involvedObject.name=${about},reason=${reason}`;
    const look = async () => {
      text = (await client.list(events, { fieldSelector })).items[0]?.message ?? '';
      return text !== '';
    };
    await until(look, 30_000, `event ${reason} on ${about}`);
    return text;
  };
  /** As an attacher does. */
  const answer = async (a: VolumeAttachment, status: object) =>
    client.patch(volumeAttachments, a.metadata.name, undefined, 'merge', { status }, { subresource: 'status' });
  const attachedOn = async (name: string) =>
    ((await client.get(nodes, name)) as Node).status?.volumesAttached?.map((v) => v.name) ?? [];
  const unique = (volume: string) => `kubernetes.io/csi/d.example^${volume}`;
  const uses = (name: string, volumesInUse: string[]) =>
    client.patch(nodes, name, undefined, 'merge', { status: { volumesInUse } }, { subresource: 'status' });

  it('attaches, tells node and pod, and moves the volume only when the first node lets it go', async () => {
    await boundClaim('data', 'd.example');
    await pod('first', 'n1', 'data');
    await until(async () => Boolean(await attachment('data', 'n1')));
    const made = (await attachment('data', 'n1'))!;
    expect(made.spec).toEqual({ attacher: 'd.example', nodeName: 'n1', source: { persistentVolumeName: 'data' } });
    expect(await attachedOn('n1')).toEqual([]);
    await answer(made, { attached: false, attachError: { message: 'rpc error: no', time: '2024-01-01T00:00:00Z' } });
    expect(await told('first', 'FailedAttachVolume')).toBe(
      'AttachVolume.Attach failed for volume "data" : rpc error: no',
    );
    await answer(made, { attached: true, attachError: null });
    expect(await told('first', 'SuccessfulAttachVolume')).toBe('AttachVolume.Attach succeeded for volume "data" ');
    await until(async () => (await attachedOn('n1')).includes(unique('data')));
    await uses('n1', [unique('data')]);

    await pod('second', 'n2', 'data');
    expect(await told('second', 'FailedAttachVolume')).toBe(
      'Multi-Attach error for volume "data" Volume is already used by pod(s) first',
    );
    await client.delete(pods, 'first', namespace, { gracePeriodSeconds: 0 });
    // The controller has seen what came after the deletion, and still believes the node.
    await boundClaim('marker', 'd.example');
    await pod('marker', 'n2', 'marker');
    await until(async () => Boolean(await attachment('marker', 'n2')));
    expect(await attachment('data', 'n1')).toBeDefined();
    await uses('n1', []);
    await until(async () => !(await attachment('data', 'n1')) && Boolean(await attachment('data', 'n2')));
    expect(await attachedOn('n1')).toEqual([]);
    await answer((await attachment('data', 'n2'))!, { attached: true });
    await until(async () => (await attachedOn('n2')).includes(unique('data')));

    // Somebody takes it away: it is attached again.
    const { uid } = (await attachment('data', 'n2'))!.metadata;
    await client.delete(volumeAttachments, (await attachment('data', 'n2'))!.metadata.name);
    await until(async () => ((await attachment('data', 'n2'))?.metadata.uid ?? uid) !== uid);
    // The node dies with the volume in use; taken out of service, it loses it at once.
    await uses('n2', [unique('data')]);
    await client.delete(pods, 'second', namespace, { gracePeriodSeconds: 0 });
    const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }];
    await client.patch(nodes, 'n2', undefined, 'merge', { spec: { taints } });
    await until(async () => !(await attachment('data', 'n2')));
  });

  it('a driver that needs no attaching has none, and strangers’ attachments are left alone', async () => {
    await client.create(csiDrivers, { metadata: { name: 'nfs.example' }, spec: { attachRequired: false } } as never);
    await client.create(volumeAttachments, {
      metadata: { name: 'va-strange' },
      spec: { attacher: 'd.example', nodeName: 'n1', source: { persistentVolumeName: 'light' } },
    } as never);
    await boundClaim('light', 'nfs.example');
    await pod('easy', 'n1', 'light');
    await boundClaim('heavy', 'd.example');
    await pod('hard', 'n1', 'heavy');
    await until(async () => Boolean(await attachment('heavy', 'n1')));
    const names = (await client.list(volumeAttachments)).items.filter((a) => a.spec.nodeName === 'n1');
    expect(names.map((a) => a.metadata.name).sort()).toEqual(
      [(await attachment('heavy', 'n1'))!.metadata.name, 'va-strange'].sort(),
    );
  });
});
