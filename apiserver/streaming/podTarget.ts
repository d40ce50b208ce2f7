// Where a request about a pod's container goes: the pod, the container that is meant, its node's kubelet.
// Reads: the watch cache. Mirrors: pkg/registry/core/pod/strategy.go (validateContainer, streamLocation). Used by: podLog.ts, podStreams.ts.
import { badRequest, notFound } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import type { Served } from '../kinds/registry.ts';
import { mustFind } from '../objects/readObject.ts';
import type { ApiRequest } from '../request.ts';

const nodes = { group: '', plural: 'nodes' };

export const podOf = async (api: Api, req: ApiRequest, served: Served): Promise<any> =>
  (await mustFind(api, served, req.info.namespace, req.info.name)).object();

/** Throws 404 when the Node is not there. */
export function nodeOf(api: Api, name: string): any {
  const node = api.cluster.cached(nodes, name);
  if (!node) throw notFound(nodes, name);
  return node;
}

const names = (list: any[] | undefined): string[] => (list ?? []).map((c) => c.name);

/** The container that is meant: the only one, or the one that is named and there. Throws 400. */
export function containerOf(pod: any, name: string): string {
  const main = names(pod.spec.containers);
  const init = names(pod.spec.initContainers);
  const ephemeral = names(pod.spec.ephemeralContainers);
  if (!name) {
    if (main.length === 1) return main[0]!;
    const initText = init.length ? ` or one of the init containers: [${init.join(' ')}]` : '';
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${main.join(' ')}]${initText}`,
    );
  }
  if (![...main, ...init, ...ephemeral].includes(name))
    throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`);
  return name;
}

/** As query parameters become booleans: there and neither `false` nor `0` is true. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
