// Is the server of an APIService available? Looks at its Service, at what stands behind that, and asks the server itself.
// Reads: Services, EndpointSlices, the server's discovery document. Mirrors: kube-aggregator/pkg/controllers/status/remote (sync).
// Called by availability.ts, which writes the answer into the status.
import type { KubeObject } from '../../apimachinery/types.ts';
import { localAvailable } from '../kinds/apiService.ts';
import type { Cluster } from '../kinds/cluster.ts';
import { type Extension, extensionOf } from './apiServices.ts';
import type { ExtensionClient } from './extensionClient.ts';
import { isReady, services, slicesOf } from './serviceOrigin.ts';

/** The condition Available, but for its time. */
export interface Assessment {
  type: string;
  status: string;
  reason: string;
  message: string;
}

const available = (status: string, reason: string, message: string): Assessment => ({
  type: 'Available',
  status,
  reason,
  message,
});
const no = (reason: string, message: string) => available('False', reason, message);
const passed = available('True', 'Passed', 'all checks passed');

export async function assess(object: KubeObject, cluster: Cluster, client: ExtensionClient): Promise<Assessment> {
  const extension = extensionOf(object);
  if (!extension) return localAvailable;
  return behindService(extension, cluster) ?? (await answers(extension, client));
}

/** What shows without asking the server; undefined when nothing does. */
function behindService({ service }: Extension, cluster: Cluster): Assessment | undefined {
  const { namespace, name, port } = service;
  const called = `service/${name} in ${JSON.stringify(namespace)}`;
  const found = cluster.cached(services, name, namespace);
  if (!found) return no('ServiceNotFound', `${called} is not present`);
  if ((found['spec'].type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const servicePort = found['spec'].ports?.find((p: any) => p.port === port);
  if (!servicePort) return no('ServicePortError', `${called} is not listening on port ${port}`);
  const slices = slicesOf(cluster, namespace, name);
  if (!slices.length) return no('EndpointsNotFound', `cannot find endpointslices for ${called}`);
  const portName = servicePort.name ?? '';
  if (slices.some((slice) => hasEndpoint(slice, portName))) return undefined;
  return no(
    'MissingEndpoints',
    `endpointslices for ${called} have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

const hasEndpoint = (slice: KubeObject, portName: string): boolean =>
  Boolean(slice['endpoints']?.some(isReady)) &&
  Boolean(slice['ports']?.some((p: any) => (p.name ?? '') === portName && p.port));

/** Requests may go to different servers behind one Service: one that answers is enough, and only several failures count. */
const attempts = 4;

async function answers(extension: Extension, client: ExtensionClient): Promise<Assessment> {
  try {
    await ask(extension, client);
    return passed;
  } catch {
    const more = await Promise.allSettled(Array.from({ length: attempts }, () => ask(extension, client)));
    if (more.some((result) => result.status === 'fulfilled')) return passed;
    return no('FailedDiscoveryCheck', String((more.at(-1) as PromiseRejectedResult).reason.message));
  }
}

export const pathOf = ({ group, version }: { group: string; version: string }): string =>
  group ? `/apis/${group}/${version}` : `/api/${version}`;

async function ask(extension: Extension, client: ExtensionClient): Promise<void> {
  const path = pathOf(extension);
  const url = client.originOf(extension.service) + path;
  const failing = (why: string) => new Error(`failing or missing response from ${url}: ${why}`);
  const { code } = await client.get(extension, path, { unchecked: true }).catch((error) => {
    throw failing(error.message);
  });
  if (code < 200 || code >= 300) throw failing(`bad status from ${url}: ${code}`);
}
