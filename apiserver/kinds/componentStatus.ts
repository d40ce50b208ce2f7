// ComponentStatus: how the parts of the control plane are, asked anew with each read. Deprecated, and still what `kubectl get cs` shows.
// Reads: the health of the scheduler and the controller manager on loopback, and the store. Mirrors: pkg/registry/core/componentstatus, pkg/printers.
// Next: ../handlers/observed.ts answers with what `observe` gives.
import { componentHealth, type Health } from '../componentHealth.ts';
import { column, nameColumn } from './columns.ts';
import { type Context, defineKind, type Kind } from './kind.ts';

/** Where upstream's components listen. */
export const componentPorts = { scheduler: '10259', 'controller-manager': '10257' };

async function storeHealth({ store }: Context): Promise<Health> {
  try {
    await store.revision();
    return { healthy: true, message: 'ok' };
  } catch (error) {
    return { healthy: false, message: (error as Error).message };
  }
}

const statusOf = (name: string, { healthy, message }: Health) => ({
  kind: 'ComponentStatus',
  apiVersion: 'v1',
  metadata: { name },
  conditions: [{ type: 'Healthy', status: healthy ? 'True' : 'False', message }],
});

const observe =
  (ports: Readonly<Record<string, string>>) =>
  async (context: Context, name?: string): Promise<ReturnType<typeof statusOf>[]> => {
    const asked: [string, () => Promise<Health>][] = [
      ...Object.entries(ports).map(([part, port]): [string, () => Promise<Health>] => [
        part,
        () => componentHealth(Number(port)),
      ]),
      ['etcd-0', () => storeHealth(context)],
    ];
    return Promise.all(
      asked
        .filter(([part]) => name === undefined || part === name)
        .map(async ([part, ask]) => statusOf(part, await ask())),
    );
  };

/** The kind with the ports that this server was told. */
export const withComponentPorts = (kind: Kind, ports: Readonly<Record<string, string>>): Kind => ({
  ...kind,
  observe: observe(ports),
});

const healthy = (object: any) => object.conditions?.find((condition: any) => condition.type === 'Healthy');

export const componentStatus = defineKind({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  shortNames: ['cs'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.ComponentStatus',
  verbs: ['get', 'list'],
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  observe: observe(componentPorts),
  columns: [
    nameColumn,
    column('Status', 'Whether it is well.', (object) => {
      const condition = healthy(object);
      if (!condition) return 'Unknown';
      return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
    }),
    column('Message', 'What it said of itself.', (object) => healthy(object)?.message ?? ''),
    column('Error', 'Why it could not be asked.', (object) => healthy(object)?.error ?? ''),
  ],
});
