// The node network on two nodes, each a network namespace, run as the process it is, with the real CNI plugins for their pods.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { clusterRoleBindings, clusterRoles, nodes, serviceAccounts } from '../../../apimachinery/resources.ts';
import type { Client } from '../../../client/client.ts';
import { startTestApiServer, type TestApiServer } from '../../kit/apiServer.ts';
import { link, Namespace, noNetns, sh } from '../../kit/netns.ts';
import { addPod, node, noPlugins } from './objects.ts';

const why = noNetns() ?? noPlugins;
const main = new URL('../../../addons/network/main.ts', import.meta.url).pathname;
const manifest = new URL('../../../manifests/network.yaml', import.meta.url);

describe.skipIf(why !== undefined)(`node network${why ? ` (${why})` : ''}`, () => {
  const world = `mn${randomBytes(3).toString('hex')}`;
  const dir = mkdtempSync(join(tmpdir(), 'network-'));
  const all: Namespace[] = [];
  const make = (short: string) => {
    const ns = new Namespace(short, world);
    all.push(ns);
    return ns;
  };
  const daemons = new Map<Namespace, ChildProcess>();
  let server: TestApiServer;
  let client: Client;
  let n1: Namespace;
  let n2: Namespace;
  let outside: Namespace;
  const before: Record<string, string> = {};

  const fileOf = (n: Namespace) => join(dir, n.short, 'net.d', '10-mini-k8s.conflist');
  const start = (n: Namespace, ...more: string[]) => {
    const [program = '', ...args] = [
      ...n.prefix,
      process.execPath,
      main,
      `--kubeconfig=${server.kubeconfigFor(`nodes/${n.short}/client`)}`,
      '--service-account=node-network',
      `--hostname-override=${n.short}`,
      `--cni-conf-dir=${join(dir, n.short, 'net.d')}`,
      `--cni-data-dir=${join(dir, n.short, 'data')}`,
      ...more,
    ];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    daemons.set(n, child);
  };
  const end = async (n: Namespace, signal: NodeJS.Signals) => {
    const child = daemons.get(n)!;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    daemons.delete(n);
  };
  const wait = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000, interval: 100 });
  const routes = (n: Namespace) => n.sh('ip', 'route', 'show', 'proto', '143').trim();
  /** Rules and chains that somebody has made. */
  const rules = (n: Namespace) =>
    n
      .sh('iptables-save')
      .split('\n')
      .filter((line) => /^-A|^:\S+ - /.test(line))
      .map((line) => line.replace(/ \[.*/, ''))
      .join('\n');
  const giveRange = (name: string, podCIDR: string) =>
    client.patch(nodes, name, undefined, 'merge', { spec: { podCIDR, podCIDRs: [podCIDR] } });

  beforeAll(async () => {
    server = await startTestApiServer({ nodes: ['n1', 'n2'] });
    client = await server.client();
    for (const doc of parseAllDocuments(readFileSync(manifest, 'utf8'))) {
      const object = doc.toJS();
      const kinds = {
        ServiceAccount: serviceAccounts,
        ClusterRole: clusterRoles,
        ClusterRoleBinding: clusterRoleBindings,
      };
      await client.create(kinds[object.kind as keyof typeof kinds] as typeof serviceAccounts, object);
    }
    [n1, n2, outside] = ['n1', 'n2', 'out'].map(make) as [Namespace, Namespace, Namespace];
    // A switch that the nodes and the outside world are on.
    const lan = make('lan');
    lan.sh('ip', 'link', 'add', 'lan', 'type', 'bridge');
    lan.sh('ip', 'link', 'set', 'lan', 'up');
    for (const [i, n] of [n1, n2, outside].entries()) {
      link(n, 'uplink', lan, `port${i}`);
      lan.sh('ip', 'link', 'set', `port${i}`, 'master', 'lan');
      n.sh('ip', 'addr', 'add', `192.168.88.${i + 1}/24`, 'dev', 'uplink');
    }
    for (const n of [n1, n2]) {
      n.sh('iptables', '-P', 'FORWARD', 'DROP');
      before[n.short] = rules(n);
      await n.relay(server.port);
      const object = node(n.short, [], [`192.168.88.${n.short.slice(1)}`]);
      await client.create(nodes, object);
      await client.updateStatus(nodes, { ...(await client.get(nodes, n.short)), status: object.status });
    }
    await outside.listen(8080);
  });
  afterAll(async () => {
    for (const n of [...daemons.keys()]) await end(n, 'SIGKILL');
    for (const ns of all) ns.remove();
    client?.close();
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('it waits for the podCIDR, then writes configuration, rules and routes', async () => {
    start(n1);
    start(n2, '--cleanup-on-exit');
    await giveRange('n2', '10.244.2.0/24');
    await wait(() => existsSync(fileOf(n2)));
    expect(existsSync(fileOf(n1))).toBe(false);
    await giveRange('n1', '10.244.1.0/24');
    await wait(() => existsSync(fileOf(n1)) && routes(n1) !== '' && routes(n2) !== '');
    expect(routes(n1)).toMatch(/^10\.244\.2\.0\/24 via 192\.168\.88\.2 dev uplink *$/);
    expect(routes(n2)).toMatch(/^10\.244\.1\.0\/24 via 192\.168\.88\.1 dev uplink *$/);
    expect(n1.sh('sysctl', '-n', 'net.ipv4.ip_forward').trim()).toBe('1');
    expect(JSON.parse(readFileSync(fileOf(n1), 'utf8')).plugins[0].ipam.ranges).toEqual([
      [{ subnet: '10.244.1.0/24' }],
    ]);
  });

  test('pods reach pods on both nodes without NAT, nodes reach pods, the world sees the node', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map(make) as [Namespace, Namespace, Namespace];
    const ips = [
      addPod(n1, a, fileOf(n1), [{ hostPort: 8081, containerPort: 8080, protocol: 'tcp' }]),
      addPod(n1, b, fileOf(n1)),
      addPod(n2, c, fileOf(n2)),
    ];
    expect(ips.map((ip) => ip.split('.').slice(0, 3).join('.'))).toEqual(['10.244.1', '10.244.1', '10.244.2']);
    await Promise.all([a, b, c].map((pod) => pod.listen(8080)));
    const [ipA, ipB, ipC] = ips as [string, string, string];
    expect(await a.dial(ipC, 8080)).toEqual({ name: 'c', from: ipA });
    expect(await c.dial(ipB, 8080)).toEqual({ name: 'b', from: ipC });
    expect(await a.dial(ipB, 8080)).toEqual({ name: 'b', from: ipA });
    expect(await n1.dial(ipA, 8080)).toMatchObject({ name: 'a' });
    expect(await n1.dial(ipC, 8080)).toMatchObject({ name: 'c' });
    expect(await a.dial('192.168.88.3', 8080)).toEqual({ name: 'out', from: '192.168.88.1' });
    // portmap: the pod's port on its node's address.
    expect(await outside.dial('192.168.88.1', 8081)).toMatchObject({ name: 'a' });
  });

  test('killed and started again it goes on; what somebody broke meanwhile is mended', async () => {
    await end(n1, 'SIGKILL');
    n1.sh('ip', 'route', 'del', '10.244.2.0/24');
    n1.sh('ip', 'route', 'add', '10.244.77.0/24', 'via', '192.168.88.2', 'proto', '143');
    n1.sh('ip', 'route', 'add', '10.55.0.0/24', 'via', '192.168.88.2');
    n1.sh('iptables', '-F', 'MINI-K8S-FORWARD');
    start(n1);
    await wait(() => /^10\.244\.2\.0\/24 via 192\.168\.88\.2 dev uplink *$/.test(routes(n1)));
    await wait(() => n1.sh('iptables', '-S', 'MINI-K8S-FORWARD').includes('-d 10.244.0.0/16 -j ACCEPT'));
    // A route that is not ours stays.
    expect(n1.sh('ip', 'route', 'show', '10.55.0.0/24')).toContain('via 192.168.88.2');
    expect(n1.sh('iptables-save').match(/-A FORWARD .*MINI-K8S-FORWARD/g)).toHaveLength(1);
  });

  test('a node that goes takes its route along', async () => {
    await client.create(nodes, node('n3', [], []));
    await client.updateStatus(nodes, {
      ...(await client.get(nodes, 'n3')),
      status: { addresses: [{ type: 'InternalIP', address: '192.168.88.3' }] },
    });
    await giveRange('n3', '10.244.3.0/24');
    await wait(() => routes(n1).includes('10.244.3.0/24 via 192.168.88.3'));
    await client.delete(nodes, 'n3');
    await wait(() => !routes(n1).includes('10.244.3.0/24'));
  });

  test('an orderly stop leaves nothing with --cleanup-on-exit, --cleanup removes what a killed one left', async () => {
    await end(n2, 'SIGTERM');
    await end(n1, 'SIGTERM');
    expect(existsSync(fileOf(n2))).toBe(false);
    expect(routes(n2)).toBe('');
    expect(rules(n2)).toBe(before.n2);
    expect(existsSync(fileOf(n1))).toBe(true);
    const confDir = `--cni-conf-dir=${join(dir, 'n1', 'net.d')}`;
    sh(...n1.prefix, process.execPath, main, '--cleanup', confDir);
    expect(existsSync(fileOf(n1))).toBe(false);
    expect(routes(n1)).toBe('');
    expect(rules(n1)).not.toContain('MINI-K8S');
  });
});
