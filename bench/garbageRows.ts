// 10,000 dependents of one owner, collected by the garbage collector: in the background after the owner, in the foreground before it.
// Next: components.ts.
import { configMaps } from '../apimachinery/resources.ts';
import { account, type Components, createMany, startComponents, waitFor, watchCpu } from './components.ts';
import { pause } from './processes.ts';
import type { Row } from './table.ts';

const count = 10_000;
const namespace = 'garbage';
const labels = { of: 'owner' };

export async function garbageRows(log: (text: string) => void): Promise<Row[]> {
  const c = await startComponents();
  try {
    const controllers = await c.startControllers();
    await c.client.create({ group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false }, {
      metadata: { name: namespace },
    } as never);
    await account(c.client, namespace).catch(() => {});
    const rows: Row[] = [];
    for (const policy of ['Background', 'Foreground'] as const) {
      log(`garbage: ${count} dependents, ${policy}`);
      await makeFamily(c);
      // The collector has seen them all.
      await pause(5000);
      const spent = watchCpu([controllers, c.apiserver]);
      const begun = performance.now();
      await c.client.delete(configMaps, 'owner', namespace, { propagationPolicy: policy });
      await waitFor(
        'dependents',
        300,
        () => anyLeft(c),
        (some) => !some,
      );
      const seconds = (performance.now() - begun) / 1000;
      const cpu = Object.entries(spent()).map(([name, s]) => `${name} ${s.toFixed(1)}`);
      rows.push({
        what: `garbage: ${count} dependents collected, ${policy.toLowerCase()}`,
        text: `${seconds.toFixed(1)} s`,
        reference: `aim 60 s; CPU: ${cpu.join(', ')} s`,
      });
    }
    return rows;
  } finally {
    await c.remove();
  }
}

async function makeFamily({ client }: Components): Promise<void> {
  const owner = await client.create(configMaps, { metadata: { name: 'owner', namespace, labels } } as never);
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid };
  const ownerReferences = [{ ...reference, blockOwnerDeletion: true }];
  await createMany(count, (i) =>
    client.create(configMaps, { metadata: { name: `d${i}`, namespace, labels, ownerReferences } } as never),
  );
}

async function anyLeft({ client }: Components): Promise<boolean> {
  const some = { namespace, labelSelector: 'of=owner', resourceVersion: '0', limit: 1, metadataOnly: true };
  return (await client.list(configMaps, some)).items.length > 0;
}
