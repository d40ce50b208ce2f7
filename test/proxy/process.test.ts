// kube-proxy as the process it is, in a network namespace of its own, against a real API server: its rules come, are mended, outlive it, and go.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointSlices, services } from '../../apimachinery/resources.ts';
import type { Client } from '../../client/client.ts';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { Namespace, noNetns, sh } from '../kit/netns.ts';
import { service, slice } from './objects.ts';

const why = noNetns();
const main = new URL('../../proxy/main.ts', import.meta.url).pathname;

describe.skipIf(why !== undefined)(`kube-proxy process${why ? ` (${why})` : ''}`, () => {
  let server: TestApiServer;
  let client: Client;
  let node: Namespace;
  let proxy: ChildProcess;

  const args = (...more: string[]) => [
    main,
    `--kubeconfig=${server.kubeconfigFor('proxy')}`,
    '--hostname-override=node-1',
    '--cluster-cidr=10.244.0.0/16',
    '--iptables-sync-period=1s',
    '--iptables-min-sync-period=100ms',
    ...more,
  ];
  const start = () => {
    const [program = '', ...rest] = [...node.prefix, process.execPath, ...args()];
    proxy = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  const end = async (signal: NodeJS.Signals) => {
    if (proxy.exitCode !== null || proxy.signalCode !== null) return;
    const ended = once(proxy, 'exit');
    proxy.kill(signal);
    await ended;
  };
  const rules = () => node.sh('iptables-save');
  const reaches = () => node.dial('10.96.0.10', 80);

  beforeAll(async () => {
    server = await startTestApiServer();
    client = await server.client();
    node = new Namespace('node', `mp${randomBytes(3).toString('hex')}`);
    // The endpoint is an address of the node itself, and there is a way out for packets to be caught on.
    node.sh('ip', 'addr', 'add', '10.244.0.2/32', 'dev', 'lo');
    node.sh('ip', 'route', 'add', 'default', 'dev', 'lo');
    await node.listen(8080);
    await node.relay(server.port);
    await client.create(services, { ...service('web', {}), status: undefined });
    await client.create(endpointSlices, slice('web', [{ ip: '10.244.0.2' }]));
    start();
  });
  afterAll(async () => {
    await end('SIGKILL');
    node?.remove();
    client?.close();
    await server?.stop();
  });

  test('the Service becomes reachable', async () => {
    await expect.poll(reaches).toMatchObject({ name: 'node' });
    expect(node.sh('sysctl', '-n', 'net.ipv4.conf.all.route_localnet').trim()).toBe('1');
  });

  test('rules that somebody flushed come back', async () => {
    node.sh('iptables', '-t', 'nat', '-F');
    await expect.poll(rules).toContain('default/web:http cluster IP');
    await expect.poll(reaches).toMatchObject({ name: 'node' });
  });

  test('killed, its rules stay; started again it goes on with what has changed meanwhile', async () => {
    await end('SIGKILL');
    await expect.poll(reaches).toMatchObject({ name: 'node' });
    await client.delete(services, 'web', 'default');
    start();
    await expect.poll(rules).not.toContain('default/web:http');
    expect(rules()).not.toContain('default/web');
    // Of the one Service that is left.
    expect(rules().match(/^:KUBE-SVC-/gm)).toHaveLength(1);
  });

  test('--cleanup takes all of it away', async () => {
    await end('SIGTERM');
    expect(proxy.exitCode).toBe(0);
    expect(rules()).toContain('KUBE-SERVICES');
    sh(...node.prefix, process.execPath, main, '--cleanup');
    expect(rules()).not.toContain('KUBE-');
  });

  test('what the person at the terminal did wrong is one sentence', () => {
    const run = (...more: string[]) => {
      const [program = '', ...rest] = [...node.prefix, process.execPath, ...args(...more)];
      const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
      return { status, stderr };
    };
    expect(run('--hostname-override=a,b')).toEqual({
      status: 1,
      stderr: 'kube-proxy: --hostname-override may name several nodes only with --proxy-mode=none.\n',
    });
    expect(run('--proxy-mode=ipvs').stderr).toMatch(
      /^kube-proxy: invalid argument "ipvs" for --proxy-mode: must be one of/,
    );
    expect(run('--cluster-cidr=10.244.0.0').stderr).toBe(
      'kube-proxy: --cluster-cidr: "10.244.0.0" is no address range such as 10.244.0.0/16.\n',
    );
    expect(run('--kubeconfig=/nowhere').stderr).toMatch(/^kube-proxy: cannot read the kubeconfig \/nowhere .*\n$/);
    expect(run('--metrics-bind-address=x').stderr).toBe(
      'kube-proxy: --metrics-bind-address must be ip:port, such as 127.0.0.1:10249, or empty to turn it off.\n',
    );
  });
});
