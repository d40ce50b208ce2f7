// What Service's hooks run in: objects in memory, a real embedded store for the ports, ranges as a fresh server makes them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../../../../apiserver/kinds/kind.ts';
import { ipAddresses, serviceCIDRs } from '../../../../apiserver/kinds/service/ipAllocator.ts';
import { takenPorts } from '../../../../apiserver/kinds/service/nodePorts.ts';
import { service } from '../../../../apiserver/kinds/service.ts';
import { openEmbeddedStore } from '../../../../apiserver/storage/embedded.ts';
import { memoryCluster } from '../../memoryCluster.ts';
import { made } from '../said.ts';

const services = { group: '', plural: 'services' };

export async function world(cidrs: string[] = ['10.96.0.0/12']) {
  const dir = await mkdtemp(join(tmpdir(), 'services-'));
  const store = await openEmbeddedStore(join(dir, 'store.db'));
  const cluster = memoryCluster();
  cluster.put(serviceCIDRs, { metadata: { name: 'kubernetes' }, spec: { cidrs } });
  const context = { cluster, store, keyPrefix: '/registry', dryRun: false, now: () => 0 } as unknown as Context;
  return {
    cluster,
    store,
    context,
    ips: () =>
      cluster
        .cachedList(ipAddresses)
        .map((o) => o.metadata.name)
        .sort(),
    ports: async () => (await takenPorts({ store, keyPrefix: '/registry' })).ports(),
    /** Steps of a create as the handlers take them. */
    async create(name: string, spec: Record<string, unknown>, as: Context = context) {
      const object = made(service, { spec }, { name });
      service.prepareCreate!(object, as);
      const undo = await service.allocate!(object, undefined, as);
      if (!as.dryRun) cluster.put(services, object);
      return { object, undo };
    },
    async update(old: any, change: (spec: any) => void) {
      const object = structuredClone(old);
      change(object.spec);
      service.defaults!(object);
      service.prepareUpdate!(object, old, context);
      await service.allocate!(object, old, context);
      cluster.put(services, object);
      await service.release!(old, context, object);
      return object;
    },
    async remove(old: any) {
      await cluster.delete(services, old.metadata.name, old.metadata.namespace);
      await service.release!(old, context);
    },
    async close() {
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
}
