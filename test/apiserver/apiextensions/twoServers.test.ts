// Custom resources in two API servers on one etcd: both serve what is defined at either, and no name is given away twice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo } from '../../kit/http.ts';
import { type EtcdServer, etcdMissing, startEtcd } from '../storage/etcdServer.ts';
import { crd, crdsPath, define, group } from './definitions.ts';

describe.skipIf(etcdMissing)(etcdMissing ?? 'two API servers on one etcd', () => {
  let etcd: EtcdServer;
  let servers: TestApiServer[];
  let https: (Http & { close(): void })[];
  beforeAll(async () => {
    etcd = await startEtcd();
    servers = await Promise.all(
      ['198.51.100.1', '198.51.100.2'].map((address) =>
        startTestApiServer({ etcd: etcd.endpoint, flags: [`--advertise-address=${address}`] }),
      ),
    );
    https = servers.map((server) => httpTo(server));
  });
  afterAll(async () => {
    for (const http of https ?? []) http.close();
    for (const server of servers ?? []) await server.stop();
    await etcd?.remove();
  });
  const path = (plural: string) => `/apis/${group}/v1/namespaces/default/${plural}`;
  const object = (kind: string, name: string, spec = {}) => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name },
    spec,
  });

  it('serve at once what is established at the other', async () => {
    for (const [i, kind] of ['Alpha', 'Beta', 'Gamma', 'Delta'].entries()) {
      await define(https[i % 2]!, crd(kind));
      const made = await https[(i + 1) % 2]!(path(`${kind.toLowerCase()}s`), { body: object(kind, 'x') });
      expect(made.code).toBe(201);
      expect(made.json.spec.color).toBe('red');
    }
  });

  it('show what the other has changed in a schema', async () => {
    const live = (await https[0]!(`${crdsPath}/alphas.${group}`)).json;
    live.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.later = { type: 'string', default: 'new' };
    await https[0]!(`${crdsPath}/alphas.${group}`, { method: 'PUT', body: live });
    for (const http of https) await until(async () => (await http(`${path('alphas')}/x`)).json.spec.later === 'new');
  });

  it('give each name once, whoever asks where at the same time', async () => {
    const rivals = Array.from({ length: 6 }, (_, i) =>
      crd(`Rival${i}`, {}, { names: { plural: `rival${i}s`, kind: `Rival${i}`, shortNames: ['rv'] } }),
    );
    await Promise.all(rivals.map((definition, i) => https[i % 2]!(crdsPath, { body: definition })));
    const all = async () =>
      (await https[0]!(crdsPath)).json.items.filter((c: any) => c.metadata.name.startsWith('rival'));
    const holders = async () =>
      (await all())
        .filter((c: any) => c.status.acceptedNames?.shortNames?.includes('rv'))
        .map((c: any) => c.metadata.name);
    await until(async () => (await all()).every((c: any) => c.status.conditions?.length >= 2));
    await until(async () => (await holders()).length === 1);
    const established = (await all()).filter((c: any) =>
      c.status.conditions.some((x: any) => x.type === 'Established' && x.status === 'True'),
    );
    expect(established.length).toBeLessThanOrEqual(1);
    // The name goes on when its holder goes.
    const [first] = await holders();
    await https[1]!(`${crdsPath}/${first}`, { method: 'DELETE' });
    await until(async () => {
      const now = await holders();
      return now.length === 1 && now[0] !== first;
    });
  });

  it('both let go of what is deleted', async () => {
    await https[1]!(`${crdsPath}/betas.${group}`, { method: 'DELETE' });
    for (const http of https) await until(async () => (await http(path('betas'))).code === 404);
  });

  it('serve definitions from the first request on after a restart', async () => {
    await servers[1]!.kill();
    await servers[1]!.restart();
    expect((await https[1]!(`${path('alphas')}/x`)).json.spec.later).toBe('new');
  });
});
