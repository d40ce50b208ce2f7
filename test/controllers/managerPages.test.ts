import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMaps, leases, namespaces } from '../../apimachinery/resources.ts';
import type { Client } from '../../client/client.ts';
import { helpText, parseFlags } from '../../component-base/flags.ts';
import { accepted } from '../../controllers/acceptedFlags.ts';
import { configz } from '../../controllers/configz.ts';
import { flags } from '../../controllers/flags.ts';
import { startTestApiServer, type TestApiServer, until } from '../kit/apiServer.ts';
import { type RunningManager, startManager } from './manager.ts';

describe('flags', () => {
  it('take upstream’s command lines, underscores too', () => {
    const { config } = parseFlags(flags, [
      '--concurrent_rc_syncs=7',
      '--external-cloud-volume-plugin=x',
      '--vmodule=a=1',
    ]);
    expect(config['concurrent-rc-syncs']).toBe(7);
    expect(Object.keys(accepted).every((name) => name in flags)).toBe(true);
  });

  it('help names all controllers, and those that are off by default', () => {
    const text = helpText('', flags);
    expect(text).toMatch(
      /All controllers: bootstrap-signer-controller, certificatesigningrequest-approving-controller/,
    );
    expect(text).toContain(
      'Disabled-by-default controllers: bootstrap-signer-controller, selinux-warning-controller, token-cleaner-controller',
    );
  });

  it('are shown under upstream’s names', () => {
    const { config } = parseFlags(flags, ['--concurrent-deployment-syncs=9', '--node-eviction-rate=0.5']);
    const shown = (configz(config) as any)['kubecontrollermanager.config.k8s.io'];
    expect(shown.DeploymentController).toEqual({ ConcurrentDeploymentSyncs: 9 });
    expect(shown.Generic.LeaderElection).toMatchObject({
      LeaderElect: true,
      LeaseDuration: '15s',
      ResourceLock: 'leases',
    });
    expect(shown.NodeLifecycleController).toMatchObject({ NodeMonitorGracePeriod: '50s', NodeEvictionRate: 0.5 });
  });
});

describe('pages of the manager', () => {
  let server: TestApiServer;
  let client: Client;
  let manager: RunningManager;
  let url: string;
  beforeAll(async () => {
    server = await startTestApiServer();
    client = await server.client();
    const portFile = `${server.folder}/manager-port`;
    manager = startManager(server, [
      '--leader-elect=true',
      '--leader-elect-lease-duration=8s',
      '--leader-elect-renew-deadline=6s',
      '--leader-elect-retry-period=300ms',
      `--port-file=${portFile}`,
    ]);
    await until(async () => (await client.list(configMaps, { namespace: 'default' })).items.length > 0);
    url = `http://127.0.0.1:${readFileSync(portFile, 'utf8')}`;
  });
  afterAll(async () => {
    await manager?.stop().catch(() => undefined);
    client?.close();
    await server?.stop();
  });
  const get = async (path: string) => {
    const answer = await fetch(url + path);
    return { code: answer.status, text: await answer.text() };
  };

  it('a health check a controller, and their outcomes as indicators', async () => {
    const { text } = await get('/healthz?verbose');
    for (const name of ['leaderElection', 'deployment-controller', 'garbage-collector-controller'])
      expect(text).toContain(`[+]${name} ok\n`);
    expect(text).toMatch(/healthz check passed\n$/);
    expect(await get('/healthz/job-controller')).toEqual({ code: 200, text: 'ok' });
    expect((await get('/healthz/nosuch')).code).toBe(404);
    const slis = (await get('/metrics/slis')).text;
    expect(slis).toContain('kubernetes_healthcheck{name="leaderElection",type="healthz"} 1');
    expect(slis).toContain('kubernetes_healthchecks_total{name="job-controller",type="healthz",status="success"} 2');
  });

  it('queues, requests and the lead under upstream’s names', async () => {
    await client.create(namespaces, { metadata: { name: 'counted' } });
    await until(async () => /workqueue_adds_total\{name="serviceaccount"\} [1-9]/.test((await get('/metrics')).text));
    const { text } = await get('/metrics');
    for (const name of [
      'deployment',
      'replicaset',
      'replicationmanager',
      'serviceaccount',
      'endpoint_slice',
      'ttlcontroller',
    ])
      for (const metric of ['depth', 'adds_total', 'unfinished_work_seconds', 'longest_running_processor_seconds'])
        expect(text).toMatch(new RegExp(`^workqueue_${metric}\\{name="${name}"\\} `, 'm'));
    expect(text).toContain('leader_election_master_status{name="kube-controller-manager"} 1');
    expect(text).toMatch(/rest_client_requests_total\{code="201",host="127.0.0.1:\d+",method="POST"\}/);
    expect(text).toContain('running_managed_controllers{name="job-controller",manager="kube-controller-manager"} 1');
    expect(JSON.parse((await get('/configz')).text)).toHaveProperty(['kubecontrollermanager.config.k8s.io', 'Generic']);
  });

  it('ends when the lead is lost to another', async () => {
    const lease = await client.get(leases, 'kube-controller-manager', 'kube-system');
    const spec = { ...lease.spec, holderIdentity: 'someone-else', leaseDurationSeconds: 60 };
    await until(() =>
      client.patch(leases, 'kube-controller-manager', 'kube-system', 'merge', { spec }).then(
        () => true,
        () => false,
      ),
    );
    await expect(manager.ended).rejects.toThrow('leaderelection lost');
  });
});
