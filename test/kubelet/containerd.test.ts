// The kubelet on real containers: what only a kernel can show.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configMaps, nodes, pods, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { silentLogger } from '../../component-base/logger.ts';
import { kubeletFlags } from '../../kubelet/config.ts';
import { run } from '../../kubelet/main.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { busyboxImage, type Containerd, containerdMissing, startContainerd } from './containerd.ts';
import { ready } from './testNode.ts';

describe.skipIf(containerdMissing !== undefined)(containerdMissing ?? 'real containers', () => {
  let api: TestApiServer;
  let client: Client;
  let containerd: Containerd;
  let kubelet: { end: AbortController; done: Promise<void> };
  const root = containerdMissing ? '' : mkdtempSync(join(tmpdir(), 'kubelet-real-'));

  const start = () => {
    const end = new AbortController();
    const argv = [
      `--kubeconfig=${api.kubeconfigFor('nodes/real/client')}`,
      `--container-runtime-endpoint=${containerd.endpoint}`,
      '--hostname-override=real',
      `--root-dir=${root}`,
      '--port=0',
      '--read-only-port=0',
      '--healthz-port=0',
      '--address=127.0.0.1',
      '--node-ip=127.0.0.1',
    ];
    kubelet = { end, done: run(parseFlags(kubeletFlags, argv).config, end.signal, { log: silentLogger }) };
  };

  beforeAll(async () => {
    containerd = await startContainerd();
    api = await startTestApiServer({ nodes: ['real'] });
    client = await api.client();
    await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
    await client.create(configMaps, {
      metadata: { name: 'kube-root-ca.crt', namespace: 'default' },
      data: { 'ca.crt': 'CA' },
    });
    start();
    await until(async () => !!(await client.get(nodes, 'real').catch(() => undefined)), 30_000, 'the node');
  });

  afterAll(async () => {
    for (const pod of (await client.list(pods, { namespace: 'default' })).items) {
      await client.delete(pods, pod.metadata.name, 'default', { gracePeriodSeconds: 1 }).catch(() => undefined);
    }
    await until(async () => containerd.ctr('containers', 'ls', '-q').trim() === '', 30_000, 'all containers gone');
    kubelet.end.abort();
    await kubelet.done;
    client.close();
    await api.stop();
    await containerd.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const container = (script: string, more: object = {}) => [
    { name: 'main', image: busyboxImage, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], ...more },
  ];
  const create = (name: string, spec: object) =>
    client.create(pods, {
      metadata: { name, namespace: 'default' },
      spec: { nodeName: 'real', terminationGracePeriodSeconds: 1, ...spec },
    } as any);
  const wait = async (name: string, check: (pod: Pod) => boolean, ms = 30_000): Promise<Pod> => {
    let pod: Pod | undefined;
    const look = async () => {
      pod = await client.get(pods, name, 'default');
      return check(pod);
    };
    await until(look, ms, name).catch((error) => {
      throw new Error(`${error.message}; ${JSON.stringify(pod?.status)}`);
    });
    return pod!;
  };
  const ended = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const words = (pod: Pod) => pod.status!.containerStatuses![0]!.state!.terminated!.message;

  test('user, groups, fsGroup, a memory volume, read-only root, the hosts file', async () => {
    const script = `exec > /dev/termination-log 2>&1; id -u; id -g; id -G; touch /data/x && echo wrote; touch /no || echo sealed; cat /etc/hosts | busybox head -1; busybox hostname`;
    await create('who', {
      restartPolicy: 'Never',
      securityContext: { runAsUser: 1001, runAsGroup: 2002, fsGroup: 3003 },
      containers: container(script, {
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      }),
      volumes: [{ name: 'data', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
    });
    const lines = words(await wait('who', ended))!.split('\n');
    expect(lines.slice(0, 4)).toEqual(['1001', '2002', '2002 3003', 'wrote']);
    expect(lines).toContain('sealed');
    expect(lines.slice(-3)).toEqual(['# Kubernetes-managed hosts file.', 'who', '']);
  });

  test('last words: the log when it failed', async () => {
    await create('words', {
      restartPolicy: 'Never',
      containers: container('printf DONE; false', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
    });
    const pod = await wait('words', ended);
    expect(pod.status?.phase).toBe('Failed');
    expect(words(pod)).toBe('DONE');
  });

  test('an exec probe restarts a container; a kubelet started again restarts none', async () => {
    const livenessProbe = {
      exec: { command: ['cat', '/tmp/health'] },
      periodSeconds: 1,
      failureThreshold: 1,
      initialDelaySeconds: 1,
    };
    await create('live', {
      containers: container('echo ok >/tmp/health; sleep 3; rm /tmp/health; sleep 600', { livenessProbe }),
    });
    await create('calm', { containers: container('sleep 600') });
    const before = await wait('calm', ready);
    await wait('live', (p) => (p.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1);
    kubelet.end.abort();
    await kubelet.done;
    start();
    await create('later', { containers: container('sleep 600') });
    await wait('later', ready);
    const after = await wait('calm', ready);
    expect(after.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 0,
      containerID: before.status?.containerStatuses?.[0]?.containerID,
    });
  });

  test('pause killed: a new sandbox, and the containers start again', async () => {
    await create('paused', { containers: container('sleep 600') });
    const before = await wait('paused', ready);
    const infos = containerd
      .ctr('containers', 'ls', '-q')
      .trim()
      .split('\n')
      .map((id) => JSON.parse(containerd.ctr('containers', 'info', id)));
    const pause = infos.find(
      (i) => i.Labels['io.cri-containerd.kind'] === 'sandbox' && i.Labels['io.kubernetes.pod.name'] === 'paused',
    );
    containerd.ctr('tasks', 'kill', '-s', 'SIGKILL', pause.ID);
    const after = await wait('paused', (p) => ready(p) && p.status!.containerStatuses![0]!.restartCount === 1);
    expect(after.status!.containerStatuses![0]!.containerID).not.toBe(
      before.status!.containerStatuses![0]!.containerID,
    );
  });

  test('nothing is left of a deleted pod', async () => {
    const uid = (await client.get(pods, 'paused', 'default')).metadata.uid!;
    await client.delete(pods, 'paused', 'default');
    await until(
      async () => !(await client.get(pods, 'paused', 'default').catch(() => undefined)),
      30_000,
      'paused gone',
    );
    await until(() => !readdirSync(join(root, 'pods')).includes(uid), 30_000, 'folder gone');
  });
});
