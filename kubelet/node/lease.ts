// The node's heartbeat: a Lease in kube-node-lease, renewed at a quarter of its duration.
// Writes: POST and PUT leases. Mirrors: staging/src/k8s.io/component-helpers/apimachinery/lease/controller.go.
// Read by: the node lifecycle controller.
import { toMicroTime } from '../../apimachinery/clock.ts';
import { leases } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Lease, Node } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { withCauses } from '../../client/causes.ts';
import type { KubeletContext } from '../context.ts';

const namespace = 'kube-node-lease';
const firstRetry = 200;
const lastRetry = 7000;

/** Renews until the signal aborts. `node`: the owner, once it is registered. */
export async function renewLease(k: KubeletContext, node: () => Node | undefined, signal: AbortSignal): Promise<void> {
  const name = k.config.nodeName;
  const every = k.config['node-lease-duration'] / 4;
  let lease: Lease | undefined;
  let retry = firstRetry;
  while (!signal.aborted) {
    let wait = every * (1 + (k.random() - 0.5) * 0.08);
    try {
      lease = await withCauses([{ word: 'timer' }], () => renew(lease));
      retry = firstRetry;
    } catch (error) {
      k.log.info({ node: name, error: (error as Error).message }, 'node lease not renewed');
      lease = undefined;
      wait = retry;
      retry = Math.min(retry * 2, lastRetry);
    }
    await sleep(k.clock, wait, signal);
  }

  async function renew(known: Lease | undefined): Promise<Lease> {
    const found = known ?? (await get());
    const spec = {
      ...found?.spec,
      holderIdentity: name,
      leaseDurationSeconds: k.config['node-lease-duration'] / 1000,
      renewTime: toMicroTime(k.clock.now()),
    };
    const owners = ownerOf(node());
    if (!found) return k.client!.create(leases, { metadata: { name, namespace, ...owners }, spec });
    const metadata = found.metadata.ownerReferences?.length ? found.metadata : { ...found.metadata, ...owners };
    return k.client!.update(leases, { ...found, metadata, spec });
  }

  async function get(): Promise<Lease | undefined> {
    try {
      return await k.client!.get(leases, name, namespace);
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

/** The Lease goes when its Node goes. */
const ownerOf = (node: Node | undefined) =>
  node
    ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.metadata.name, uid: node.metadata.uid ?? '' }] }
    : {};
