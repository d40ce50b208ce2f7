// What the API server says about this node: its pods, its Node and the Services, kept by watches.
// Reads: list and watch. Tells: pods with the cause of each change. Mirrors: pkg/kubelet/config/apiserver.go.
// Next: kubelet.ts.
import type { Cause } from '../../apimachinery/cause.ts';
import { groupResource, nodes, pods, type Resource, services } from '../../apimachinery/resources.ts';
import type { KubeObject, Node, Pod, Service } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { createInformerFactory } from '../../client/informerFactory.ts';
import type { ReflectorDeps } from '../../client/reflector.ts';

export interface ApiHandler {
  /** Also called for each pod that was there at the start. */
  pod(pod: Pod, causes: readonly Cause[]): void;
  podGone(pod: Pod, causes: readonly Cause[]): void;
  node(node: Node, causes: readonly Cause[]): void;
  /** All that was there at the start has been told. */
  synced(): void;
}

export interface ApiSource {
  services(): Service[];
  /** False until all has been listed once. */
  readonly synced: boolean;
}

export const objectCause = (r: Resource, o: KubeObject): Cause => ({
  resource: groupResource(r),
  namespace: o.metadata.namespace ?? '',
  name: o.metadata.name,
  resourceVersion: o.metadata.resourceVersion ?? '0',
});

/** Answers at once; `handler` is called when the first lists are in, and from then on. */
export function watchApi(
  deps: ReflectorDeps & { client: Client },
  nodeName: string,
  handler: ApiHandler,
  signal: AbortSignal,
): ApiSource {
  const informers = createInformerFactory(deps);
  const podInformer = informers.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });
  const serviceInformer = informers.informer(services);
  const source = { synced: false, services: () => serviceInformer.list() };
  let begun = false;

  const because = (r: Resource, o: KubeObject, origin: Informer['origin']): Cause[] =>
    origin === 'watch' ? [objectCause(r, o)] : [{ word: origin }, objectCause(r, o)];
  const podRow = pods as Resource;
  // While other lists are still awaited a pod may already come by the watch.
  const early = new Map<string, Cause[]>();
  const note = (p: Pod) => void early.set(p.metadata.uid!, because(podRow, p, podInformer.origin));
  const forget = podInformer.addHandler({ added: note, updated: note });

  nodeInformer.addHandler({
    added: (n) => handler.node(n, because(nodes as Resource, n, nodeInformer.origin)),
    updated: (n) => handler.node(n, because(nodes as Resource, n, nodeInformer.origin)),
  });
  void informers.start(signal).then(() => {
    if (signal.aborted) return;
    forget();
    podInformer.addHandler({
      added: (p) => handler.pod(p, (!begun && early.get(p.metadata.uid!)) || because(podRow, p, podInformer.origin)),
      updated: (p, old) => {
        // Deleted and made anew while nobody looked: the old one is gone.
        if (old.metadata.uid !== p.metadata.uid) handler.podGone(old, because(podRow, p, podInformer.origin));
        handler.pod(p, because(podRow, p, podInformer.origin));
      },
      deleted: (p) => handler.podGone(p, because(podRow, p, podInformer.origin)),
    });
    begun = true;
    early.clear();
    source.synced = true;
    handler.synced();
  });
  return source;
}
