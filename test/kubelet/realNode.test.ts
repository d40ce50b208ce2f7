// The kubelet on a whole real node: containerd with the pod network of addons/network, in namespaces of its own, seen from the API server.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configMaps, events, namespaces, nodes, pods, secrets, serviceAccounts } from '../../apimachinery/resources.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { freePort } from '../kit/freePort.ts';
import { kubectls } from '../kit/kubectls.ts';
import type { Inside } from '../kit/machine.ts';
import { busyboxImage, noRealNode, type RealNode, startRealNode } from '../kit/realNode.ts';

const why = noRealNode();
const nodeName = 'node-1';
const program = (path: string) => [process.execPath, new URL(`../../${path}`, import.meta.url).pathname];

const ranKubectl = (path: string, args: string[], input: string) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(path, args, { timeout: 90_000, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });

/** What `kubectl port-forward` brings from port 8080 of the pod web. */
async function forwarded(path: string, kubeconfig: string): Promise<string> {
  const child = spawn(path, [`--kubeconfig=${kubeconfig}`, 'port-forward', 'pod/web', ':8080'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  try {
    await until(() => /127\.0\.0\.1:\d+/.test(text));
    return await (await fetch(`http://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(text)![1]}/`)).text();
  } finally {
    child.kill();
  }
}

/** What the machine itself must keep. */
const hostState = () => [
  ...['-4', '-6'].map((family) => execFileSync('ip', [family, 'route', 'show', 'table', 'all'], { encoding: 'utf8' })),
  existsSync('/etc/cni') ? execFileSync('ls', ['-lR', '/etc/cni'], { encoding: 'utf8' }) : '',
  execFileSync('iptables-save', { encoding: 'utf8' })
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, ''),
];

describe.skipIf(why !== undefined)(`a real node${why ? ` (${why})` : ''}`, { timeout: 240_000 }, () => {
  let before: string[];
  let api: TestApiServer;
  let client: Client;
  let node: RealNode;
  let kubelet: Inside;
  let port: number;

  const startKubelet = () =>
    node.start(
      [
        ...program('kubelet/main.ts'),
        `--kubeconfig=${api.kubeconfigFor(`nodes/${nodeName}/client`)}`,
        `--container-runtime-endpoint=${node.runtime}`,
        `--hostname-override=${nodeName}`,
        `--root-dir=${node.folder}/kubelet`,
        '--node-ip=127.0.0.1',
        '--address=127.0.0.1',
        `--port=${port}`,
        '--read-only-port=0',
        `--client-ca-file=${api.folder}/pki/ca.crt`,
        `--tls-cert-file=${api.folder}/pki/nodes/${nodeName}/serving.crt`,
        `--tls-private-key-file=${api.folder}/pki/nodes/${nodeName}/serving.key`,
        '--anonymous-auth=false',
        '--authentication-token-webhook',
        '--authorization-mode=Webhook',
      ],
      { log: 'kubelet' },
    );

  beforeAll(async () => {
    before = hostState();
    [api, node] = await Promise.all([
      startTestApiServer({ nodes: [nodeName], flags: ['--kubelet-preferred-address-types=InternalIP'] }),
      startRealNode(),
    ]);
    client = await api.client();
    // A port that is free outside is free inside.
    port = await freePort();
    await node.reachOutside(api.port);
    await node.reachInside(port);
    await until(async () => !!(await client.get(namespaces, 'default').catch(() => undefined)), 30_000, 'namespace');
    await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
    await client.create(configMaps, {
      metadata: { name: 'kube-root-ca.crt', namespace: 'default' },
      data: { 'ca.crt': 'CA' },
    });
    kubelet = startKubelet();
    await until(async () => !!(await client.get(nodes, nodeName).catch(() => undefined)), 30_000, 'the Node');
    await client.patch(nodes, nodeName, undefined, 'strategic', {
      spec: { podCIDR: '10.244.7.0/24', podCIDRs: ['10.244.7.0/24'] },
    });
    node.start(
      [
        ...program('addons/network/main.ts'),
        `--kubeconfig=${api.kubeconfigFor(`nodes/${nodeName}/client`)}`,
        `--hostname-override=${nodeName}`,
        `--cni-conf-dir=${node.cniConfDir}`,
        '--cni-data-dir=/run/cni',
      ],
      { log: 'network' },
    );
    await until(
      async () => isTrue((await client.get(nodes, nodeName)).status?.conditions, 'Ready'),
      30_000,
      'a Ready node',
    );
  });

  afterAll(async () => {
    client?.close();
    await node?.stop();
    await api?.stop();
    expect(hostState()).toEqual(before);
  });

  const isTrue = (conditions: { type: string; status: string }[] | undefined, type: string) =>
    !!conditions?.some((c) => c.type === type && c.status === 'True');
  const ready = (pod: Pod) => isTrue(pod.status?.conditions, 'Ready');
  const main = (pod: Pod) => pod.status?.containerStatuses?.find((c) => c.name === 'main');
  const shell = (script: string, more: object = {}) => ({
    name: 'main',
    image: busyboxImage,
    command: ['sh', '-c', script],
    ...more,
  });

  const run = (name: string, container: object, spec: object = {}) =>
    client.create(pods, {
      metadata: { name, namespace: 'default' },
      spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [container], ...spec } as any,
    });

  async function untilPod(name: string, check: (pod: Pod) => boolean, ms = 30_000): Promise<Pod> {
    let last: Pod | undefined;
    const look = async () => {
      last = await client.get(pods, name, 'default');
      return check(last);
    };
    await until(look, ms, name).catch((error) => {
      throw new Error(`${error.message}; last seen: ${JSON.stringify(last?.status, null, 1)}`);
    });
    return last!;
  }
  const logs = (name: string, query = '') =>
    client.raw<string>('GET', `/api/v1/namespaces/default/pods/${name}/log${query}`);
  async function untilLog(name: string, check: (text: string) => boolean): Promise<string> {
    let last = '';
    const look = async () => {
      last = (await logs(name)) ?? '';
      return check(last);
    };
    await until(look, 30_000, `the log of ${name}`).catch((error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
    });
    return last;
  }
  const eventReasons = async (name: string) =>
    (await client.list(events, { namespace: 'default', fieldSelector: `involvedObject.name=${name}` })).items.map(
      (e) => e.reason,
    );
  /** Sandboxes and containers as containerd knows them. */
  const tasks = () =>
    node.sh('ctr', '--address', node.runtime.slice('unix://'.length), '--namespace', 'k8s.io', 'tasks', 'ls');

  test('a pod runs with an address of the pod network; its log and environment are what they should be', async () => {
    await run(
      'hello',
      shell('echo "hello from $(hostname) at $IP"; hostname -i; sleep 1000', {
        env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      }),
    );
    const pod = await untilPod('hello', ready);
    expect(pod.status?.podIP).toMatch(/^10\.244\.7\.\d+$/);
    expect(main(pod)?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
    const ip = pod.status?.podIP;
    await untilLog('hello', (text) => text === `hello from hello at ${ip}\n${ip}\n`);
    expect((await client.get(nodes, nodeName)).status?.nodeInfo?.containerRuntimeVersion).toMatch(
      /^containerd:\/\/1\./,
    );
  });

  test('exit codes, restarts and the log of the instance before', async () => {
    await run('once', shell('echo out; echo last words > /dev/termination-log; exit 3'), { restartPolicy: 'Never' });
    await run('again', shell('echo "start at $(date +%s)"; exit 1'));
    const once = await untilPod('once', (p) => p.status?.phase === 'Failed');
    expect(main(once)?.state?.terminated).toMatchObject({ exitCode: 3, reason: 'Error', message: 'last words\n' });
    // containerd writes the last lines a moment after it has said that the container ended.
    await untilLog('once', (text) => text === 'out\n');
    const again = await untilPod(
      'again',
      (p) => (main(p)?.restartCount ?? 0) >= 1 && main(p)?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    expect(main(again)?.lastState?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
    await until(async () => /^start at \d+\n$/.test((await logs('again', '?previous=true')) ?? ''));
    await until(async () => (await eventReasons('again')).includes('BackOff'), 30_000, 'event BackOff');
  });

  test('exec, cp, attach and port-forward with the oldest and the newest kubectl', async () => {
    const served = 'mkdir -p /www; echo page > /www/index.html; exec httpd -f -p 8080 -h /www';
    await run('web', shell(served, { ports: [{ containerPort: 8080 }] }));
    await run('asks', shell('while read line; do echo "got $line"; done; exit 5', { stdin: true, stdinOnce: true }), {
      restartPolicy: 'Never',
    });
    await untilPod('web', ready);
    await untilPod('asks', ready);
    const all = kubectls();
    for (const { path, minor } of [all[0]!, all.at(-1)!]) {
      const kubectl = (args: string[], input = '') =>
        ranKubectl(path, [`--kubeconfig=${api.kubeconfig}`, ...args], input);
      const failed = await kubectl(['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3']);
      expect(failed).toMatchObject({
        code: 3,
        stdout: 'out\n',
        stderr: expect.stringMatching(/^err\ncommand terminated/),
      });
      const text = 'some text\n'.repeat(100_000);
      expect(await kubectl(['exec', '-i', 'web', '--', 'wc', '-c'], text)).toMatchObject({ stdout: '1000000\n' });
      expect((await kubectl(['exec', '-i', 'web', '--', 'cat'], text)).stdout.length).toBe(text.length);
      writeFileSync(`${node.folder}/file-${minor}`, text);
      await kubectl(['cp', `${node.folder}/file-${minor}`, `web:/tmp/file-${minor}`]);
      await kubectl(['cp', `web:/tmp/file-${minor}`, `${node.folder}/back-${minor}`]);
      expect(readFileSync(`${node.folder}/back-${minor}`, 'utf8')).toBe(text);
      expect(await forwarded(path, api.kubeconfig)).toBe('page\n');
      const missing = await kubectl(['exec', 'web', '--', 'nonesuch']);
      expect([missing.code !== 0, missing.stderr]).toEqual([true, expect.stringContaining('nonesuch')]);
    }
    const attached = await ranKubectl(
      all[0]!.path,
      [`--kubeconfig=${api.kubeconfig}`, 'attach', '-i', 'asks'],
      'a\nb\n',
    );
    expect(attached.stdout).toBe('got a\ngot b\n');
    await untilPod('asks', (p) => main(p)?.state?.terminated?.exitCode === 5);
  });

  test('memory that runs over its limit is OOMKilled', async () => {
    await run(
      'hungry',
      shell('exec cat /dev/zero > /tmp/x/fill', {
        resources: { limits: { memory: '20Mi' } },
        volumeMounts: [{ name: 'x', mountPath: '/tmp/x' }],
      }),
      { restartPolicy: 'Never', volumes: [{ name: 'x', emptyDir: { medium: 'Memory' } }] },
    );
    const pod = await untilPod('hungry', (p) => p.status?.phase === 'Failed');
    expect(main(pod)?.state?.terminated).toMatchObject({ reason: 'OOMKilled' });
  });

  test('init containers run first and one after another; volumes hold what they should', async () => {
    await client.create(configMaps, { metadata: { name: 'settings', namespace: 'default' }, data: { colour: 'blue' } });
    await client.create(secrets, {
      metadata: { name: 'keys', namespace: 'default' },
      data: { password: Buffer.from('pässword').toString('base64') },
    });
    const shared = [{ name: 'shared', mountPath: '/shared' }];
    await run(
      'volumes',
      shell(
        'cat /config/colour /secret/password /shared/a; echo; ls -l /secret/..data/password; cat /var/run/secrets/kubernetes.io/serviceaccount/namespace; echo; echo more >> /shared/a; touch /config/x; sleep 1000',
        {
          volumeMounts: [
            ...shared,
            { name: 'config', mountPath: '/config' },
            { name: 'secret', mountPath: '/secret', readOnly: true },
          ],
        },
      ),
      {
        initContainers: [
          shell('echo -n first > /shared/a', { name: 'one', volumeMounts: shared }),
          shell('echo -n " second" >> /shared/a', { name: 'two', volumeMounts: shared }),
        ],
        volumes: [
          { name: 'shared', emptyDir: {} },
          { name: 'config', configMap: { name: 'settings' } },
          { name: 'secret', secret: { secretName: 'keys', defaultMode: 0o400 } },
        ],
      },
    );
    await untilPod('volumes', ready);
    const text = await untilLog('volumes', (t) => t.includes('Read-only file system') && /^default$/m.test(t));
    expect(text).toMatch(/^bluepässwordfirst second$/m);
    expect(text).toMatch(/^-r-------- /m);
    expect(text).toMatch(/^default$/m);
  });

  test('probes: exec decides readiness, HTTP over the pod network decides liveness', async () => {
    await run(
      'probed',
      shell(
        'mkdir /tmp/www; echo ok > /tmp/www/healthz; httpd -p 8080 -h /tmp/www; sleep 6; touch /tmp/ready; sleep 1000',
        {
          readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1 },
          livenessProbe: {
            httpGet: { path: '/healthz', port: 8080 },
            periodSeconds: 1,
            timeoutSeconds: 5,
            failureThreshold: 5,
            initialDelaySeconds: 1,
          },
        },
      ),
    );
    await untilPod('probed', (p) => !!main(p)?.started && !ready(p));
    const pod = await untilPod('probed', ready);
    expect(main(pod)?.restartCount).toBe(0);
    await run(
      'sick',
      shell('sleep 1000', {
        livenessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
      }),
    );
    const sick = await untilPod('sick', (p) => (main(p)?.restartCount ?? 0) >= 1);
    expect(main(sick)?.lastState?.terminated?.exitCode).toBe(137);
    await until(async () => (await eventReasons('sick')).includes('Unhealthy'), 30_000, 'event Unhealthy');
  });

  test('SIGKILL of the kubelet: the next one takes the containers over and restarts none', async () => {
    const before = await untilPod('hello', ready);
    const running = tasks();
    await kubelet.kill('SIGKILL');
    kubelet = startKubelet();
    await run('after', shell('sleep 1000'));
    await untilPod('after', ready);
    const after = await client.get(pods, 'hello', 'default');
    expect(main(after)).toEqual(main(before));
    const id = main(before)!.containerID!.slice('containerd://'.length);
    expect(running).toContain(id);
    expect(
      tasks()
        .split('\n')
        .find((l) => l.startsWith(id)),
    ).toBe(running.split('\n').find((l) => l.startsWith(id)));
  });

  test('pause killed: the pod gets a new sandbox and its containers start again', async () => {
    await run('paused', shell('sleep 1000'));
    const before = await untilPod('paused', ready);
    // Found by the pod's cgroup.
    const uid = before.metadata.uid!;
    const pids = node.sh('sh', '-c', `grep -l "pod${uid}" /proc/[0-9]*/cgroup | cut -d/ -f3`).trim().split('\n');
    const pause = pids.find((pid) => node.sh('cat', `/proc/${pid}/cmdline`).startsWith('/bin/catatonit'));
    node.sh('kill', '-9', pause!);
    const after = await untilPod('paused', (p) => ready(p) && main(p)?.restartCount === 1);
    expect(main(after)?.containerID).not.toBe(main(before)?.containerID);
    expect(after.metadata.uid).toBe(uid);
    await until(async () => (await eventReasons('paused')).includes('SandboxChanged'), 30_000, 'event SandboxChanged');
  });

  test('a deleted pod leaves no container, no address and no folder behind', async () => {
    const all = (await client.list(pods, { namespace: 'default' })).items;
    await Promise.all(all.map((p) => client.delete(pods, p.metadata.name!, 'default')));
    await until(
      async () => !(await client.list(pods, { namespace: 'default' })).items.length,
      30_000,
      'the end of the pods',
    );
    await until(() => tasks().trim().split('\n').length === 1, 30_000, 'the end of the sandboxes');
    await until(() => node.sh('sh', '-c', 'ls /run/cni/mini-k8s | grep ^10 || true') === '', 30_000, 'free addresses');
    await until(() => node.sh('ls', `${node.folder}/kubelet/pods`) === '', 30_000, 'no folders');
  });
});
