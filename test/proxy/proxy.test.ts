// The whole proxy against a real API server, as its own identity: two nodes that compute, and many changes that share a sync.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpointSlices, events, nodes, services } from '../../apimachinery/resources.ts';
import { writes } from '../../apimachinery/trace.ts';
import type { Client } from '../../client/client.ts';
import { parseFlags } from '../../component-base/flags.ts';
import { flags } from '../../proxy/flags.ts';
import { run } from '../../proxy/main.ts';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { freePort } from '../kit/freePort.ts';
import { service, slice } from './objects.ts';

let server: TestApiServer;
let client: Client;
const stop = new AbortController();
let running: Promise<void>;
let metrics: number;
let health: number;

beforeAll(async () => {
  server = await startTestApiServer();
  client = await server.client();
  [metrics, health] = [await freePort(), await freePort()];
  const { config } = parseFlags(flags, [
    `--kubeconfig=${server.kubeconfigFor('proxy')}`,
    '--hostname-override=node-1,node-2',
    '--proxy-mode=none',
    '--cluster-cidr=10.244.0.0/16',
    '--iptables-min-sync-period=300ms',
    `--metrics-bind-address=127.0.0.1:${metrics}`,
    `--healthz-bind-address=127.0.0.1:${health}`,
  ]);
  running = run(config, stop.signal);
});
afterAll(async () => {
  stop.abort();
  await running;
  client.close();
  await server.stop();
});

const metric = async (name: string): Promise<number | undefined> => {
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  const line = text.split('\n').find((l) => l.startsWith(`${name}{ip_family="IPv4"`));
  return line ? Number(line.split(' ').at(-1)) : undefined;
};
const rules = () => metric('kubeproxy_sync_proxy_rules_iptables_total').catch(() => undefined);
const syncs = () => metric('kubeproxy_sync_proxy_rules_duration_seconds_count').catch(() => undefined);

test('it becomes healthy, says its mode and tells the nodes that it has started', async () => {
  await expect.poll(rules).toBeGreaterThan(10);
  expect((await fetch(`http://127.0.0.1:${health}/healthz`)).status).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${metrics}/proxyMode`)).text()).toBe('none');
  const told = async () =>
    (await client.list(events, { namespace: 'default' })).items
      .filter((e) => e.reason === 'Starting' && e.source?.component === 'kube-proxy')
      .map((e) => e.involvedObject.name);
  await expect.poll(async () => (await told()).sort()).toEqual(['node-1', 'node-2']);
});

test('many changes share few syncs, and what is deleted is gone', async () => {
  const before = (await rules())!;
  const ips = Array.from({ length: 20 }, (_, i) => `10.96.100.${i + 1}`);
  const started = (await syncs())!;
  for (const [i, ip] of ips.entries()) {
    await client.create(services, { ...service(`s${i}`, { clusterIP: ip, clusterIPs: [ip] }), status: undefined });
    await client.create(endpointSlices, slice(`s${i}`, [{ ip: '10.244.0.5' }, { ip: '10.244.1.5' }]));
  }
  // A Service with two endpoints: its address, the masquerade, two chances and two rules an endpoint.
  await expect.poll(rules).toBe(before + 20 * 8);
  expect((await syncs())! - started).toBeLessThan(60);
  for (let i = 0; i < 20; i++) await client.delete(services, `s${i}`, 'default');
  await expect.poll(rules).toBe(before);
});

test('the journal hears of each sync, with the events that asked for it', async () => {
  const slice1 = await client.create(endpointSlices, slice('traced', [{ ip: '10.244.0.7' }]));
  const made = await client.create(services, {
    ...service('traced', { clusterIP: '10.96.100.77', clusterIPs: ['10.96.100.77'] }),
    status: undefined,
  });
  const cause = `services/default/traced@${made.metadata.resourceVersion}`;
  const spans = async () =>
    (await client.list(writes)).items
      .filter((w) => w.span && w.causes?.includes(cause))
      .map((w) => [w.verb, w.name, w.user]);
  await expect.poll(spans).toEqual(
    expect.arrayContaining([
      ['rules', 'node-1', 'system:kube-proxy'],
      ['rules', 'node-2', 'system:kube-proxy'],
    ]),
  );
  await client.delete(services, 'traced', 'default');
  await client.delete(endpointSlices, slice1.metadata.name, 'default');
});

test('a change of another node’s status makes no sync', async () => {
  await client.create(nodes, { metadata: { name: 'node-9' }, spec: {}, status: {} } as never);
  // Until nothing waits any more from the tests before.
  let count: number | undefined;
  await expect
    .poll(
      async () => {
        const last = count;
        count = await syncs();
        return count === last;
      },
      { interval: 2000, timeout: 60_000 },
    )
    .toBe(true);
  const node = await client.get(nodes, 'node-9');
  await client.updateStatus(nodes, { ...node, status: { addresses: [{ type: 'InternalIP', address: '10.1.1.1' }] } });
  await client.create(services, {
    ...service('last', { clusterIP: '10.96.100.99', clusterIPs: ['10.96.100.99'] }),
    status: undefined,
  });
  await expect.poll(syncs).toBe(count! + 2);
});
