// A kubelet that is started again takes over what runs and restarts none of it; static pods; logs; who may ask.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leases, pods, type Resource } from '../../apimachinery/resources.ts';
import { condition, ready, startTestNode, type TestNode, until } from './testNode.ts';

let node: TestNode;
let manifests: string;
beforeAll(async () => {
  node = await startTestNode('node-1');
  manifests = join(node.folder, 'manifests');
  mkdirSync(manifests);
  await node.stopKubelet();
  await node.startKubelet([`--pod-manifest-path=${manifests}`]);
});
afterAll(() => node.stop());

const again = async () => {
  await node.stopKubelet();
  await node.startKubelet([`--pod-manifest-path=${manifests}`]);
};

/** GET from the kubelet with the API server's client certificate, or without. */
function ask(path: string, o: { identity?: string; token?: string } = {}): Promise<{ code: number; body: string }> {
  const pki = join(node.api.folder, 'pki');
  const pem = (kind: string) => (o.identity ? readFileSync(join(pki, `${o.identity}.${kind}`)) : undefined);
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: node.port(),
        path,
        rejectUnauthorized: false,
        cert: pem('crt'),
        key: pem('key'),
        headers: o.token ? { authorization: `Bearer ${o.token}` } : {},
      },
      async (answer) => {
        let body = '';
        for await (const chunk of answer) body += chunk;
        resolve({ code: answer.statusCode!, body });
      },
    );
    call.on('error', reject);
    call.end();
  });
}
const server = { identity: 'apiserver-kubelet-client' };

test('started again, it keeps running containers and the readiness that they had', async () => {
  const readinessProbe = { httpGet: { path: '/', port: 80 }, periodSeconds: 1 };
  await node.run('stay', { containers: [{ name: 'main', image: 'nginx:1', readinessProbe }] });
  await node.run('plain');
  const before = await node.until('stay', ready);
  const plain = await node.until('plain', ready);
  const seen: boolean[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    for await (const e of node.client.watch(
      pods,
      { namespace: 'default', resourceVersion: before.metadata.resourceVersion },
      stop.signal,
    )) {
      if (e.type === 'MODIFIED') seen.push(ready(e.object));
    }
  })();
  await again();
  await node.run('after');
  await node.until('after', ready);
  for (const old of [before, plain]) {
    const now = (await node.pod(old.metadata.name))!;
    expect(now.status?.containerStatuses?.[0]?.containerID).toBe(old.status?.containerStatuses?.[0]?.containerID);
    expect(now.status?.containerStatuses?.[0]?.restartCount).toBe(0);
    expect(ready(now)).toBe(true);
    expect(condition(now, 'Ready')?.lastTransitionTime).toBe(condition(old, 'Ready')?.lastTransitionTime);
  }
  stop.abort();
  await watching;
});

test('a pod that was deleted while no kubelet ran is ended by the next one', async () => {
  await node.run('orphan');
  const pod = await node.until('orphan', ready);
  await node.stopKubelet();
  await node.client.delete(pods, 'orphan', 'default', { gracePeriodSeconds: 0 });
  await node.startKubelet([`--pod-manifest-path=${manifests}`]);
  await until(() => node.spans.some((s) => s.uid === pod.metadata.uid && s.name === 'StopPodSandbox'));
});

test('the node Lease is held and owned by the Node', async () => {
  const lease = await node.client.get(leases, 'node-1', 'kube-node-lease');
  expect(lease.spec).toMatchObject({ holderIdentity: 'node-1', leaseDurationSeconds: 40 });
});

test('a static pod runs, shows as a mirror pod, comes back when the mirror is deleted, and ends with its file', async () => {
  const file = join(manifests, 'static.yaml');
  writeFileSync(
    file,
    'apiVersion: v1\nkind: Pod\nmetadata: {name: static}\nspec: {containers: [{name: main, image: "nginx:1"}]}\n',
  );
  const mirror = await node.until('static-node-1', ready);
  expect(mirror.metadata.annotations).toMatchObject({ 'kubernetes.io/config.source': 'file' });
  expect(mirror.metadata.annotations?.['kubernetes.io/config.mirror']).toBe(
    mirror.metadata.annotations?.['kubernetes.io/config.hash'],
  );
  expect(mirror.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Node', name: 'node-1' });
  const id = mirror.status!.containerStatuses![0]!.containerID;
  await node.client.delete(pods, 'static-node-1', 'default', { gracePeriodSeconds: 0 });
  const fresh = await node.until('static-node-1', (p) => p.metadata.uid !== mirror.metadata.uid && ready(p));
  expect(fresh.status!.containerStatuses![0]!.containerID).toBe(id);
  rmSync(file);
  await node.untilGone('static-node-1', 40_000);
});

test('logs: tail, since, timestamps, limit, previous, follow to the end', async () => {
  await node.run(
    'logs',
    { restartPolicy: 'OnFailure' },
    { log: 'a\nb\nc', 'exit-code': '1', 'exit-attempts': '1', 'exit-after': '50ms' },
  );
  await node.until(
    'logs',
    (p) => p.status?.containerStatuses?.[0]?.restartCount === 1 && !!p.status.containerStatuses[0].state?.running,
  );
  const path = '/containerLogs/default/logs/main';
  expect(await ask(path, server)).toEqual({ code: 200, body: 'a\nb\nc\n' });
  expect((await ask(`${path}?tailLines=2`, server)).body).toBe('b\nc\n');
  expect((await ask(`${path}?tailLines=0`, server)).body).toBe('');
  expect((await ask(`${path}?limitBytes=3`, server)).body).toBe('a\nb');
  expect((await ask(`${path}?sinceSeconds=3600`, server)).body).toBe('a\nb\nc\n');
  expect((await ask(`${path}?sinceTime=2100-01-01T00:00:00Z`, server)).body).toBe('');
  expect((await ask(`${path}?timestamps=true&tailLines=1`, server)).body).toMatch(/^\d{4}-\d\d-\d\dT\S+Z c\n$/);
  expect((await ask(`${path}?previous=true&tailLines=1`, server)).body).toBe('c\n');
  expect(await ask(`${path}x`, server)).toEqual({ code: 404, body: 'container "mainx" not found in pod "logs"\n' });
  await node.run(
    'ends',
    { restartPolicy: 'Never' },
    { log: 'begin', 'log-every': '200ms', 'exit-after': '2s', 'exit-code': '0' },
  );
  await node.until('ends', (p) => {
    const { running, terminated } = p.status?.containerStatuses?.[0]?.state ?? {};
    return !!(running ?? terminated);
  });
  const followed = await ask('/containerLogs/default/ends/main?follow=true', server);
  expect(followed.body).toMatch(/^begin\nline 1\n.*line 4\n/s);
});

test('a container without logs says why', async () => {
  await node.run('waits', { containers: [{ name: 'main', image: 'registry.invalid/app:1' }] });
  await node.until(
    'waits',
    (p) => p.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff',
    30_000,
  );
  const text = 'container "main" in pod "waits" is waiting to start: trying and failing to pull image';
  expect(await ask('/containerLogs/default/waits/main', server)).toEqual({ code: 400, body: text });
});

test('only who may is served', async () => {
  expect(await ask('/pods')).toEqual({ code: 401, body: 'Unauthorized' });
  expect((await ask('/pods', server)).code).toBe(200);
  const refused = await ask('/pods', { identity: 'scheduler' });
  expect(refused.code).toBe(403);
  expect(refused.body).toBe(
    'Forbidden (user=system:kube-scheduler, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
  );
  // Streams are asked for by an upgrade; streams.test.ts has them.
  const stream = await ask('/exec/default/web/main?command=x&output=1', server);
  expect(stream).toEqual({ code: 500, body: 'Upgrade request required\n' });
  expect((await ask('/nothing', server)).code).toBe(404);
  expect((await ask('/healthz', server)).body).toBe('ok');
  expect(JSON.parse((await ask('/configz', server)).body).kubeletconfig.maxPods).toBe(110);
  const list = JSON.parse((await ask('/pods', server)).body);
  expect(list.items.length).toBeGreaterThan(0);
});

test('writes name the watch event that caused them, CRI calls are reported as spans', async () => {
  const writes = {
    group: 'trace.mini-k8s.io',
    version: 'v1',
    plural: 'writes',
    kind: 'Write',
    namespaced: false,
  } as Resource;
  await node.run('caused', { containers: [{ name: 'main', image: 'busybox:3' }] });
  await node.until('caused', ready);
  const spans = node.spans.filter((s) => s.pod === 'caused').map((s) => s.name);
  expect(spans).toEqual(['RunPodSandbox', 'PullImage', 'CreateContainer', 'StartContainer']);
  expect(node.spans.find((s) => s.pod === 'caused')?.causes).toEqual([
    expect.objectContaining({ resource: 'pods', namespace: 'default', name: 'caused' }),
  ]);
  const list = await node.client.list(writes);
  const patches = list.items.filter(
    (w) => JSON.stringify(w).includes('caused') && JSON.stringify(w).includes('system:node:node-1'),
  );
  expect(patches.length).toBeGreaterThan(0);
  expect(JSON.stringify(patches)).toContain('pods/default/caused@');
});
