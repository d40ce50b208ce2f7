// A ServiceCIDR is Ready once it has a finalizer, and keeps it while addresses would be left without a range.
// Reads: servicecidrs, ipaddresses. Writes: finalizers and status of servicecidrs, Events.
// Mirrors: pkg/controller/servicecidrs/servicecidrs_controller.go. Next: plan.ts; the API server's service/ipAllocator.ts allocates from what is Ready.
import { toTime } from '../../apimachinery/clock.ts';
import { ipAddresses, serviceCIDRs } from '../../apimachinery/resources.ts';
import type { ServiceCIDR } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, watch } from '../../client/controller.ts';
import { tolerate } from '../common/errors.ts';
import { timeOf } from '../common/pods.ts';
import { holds, isAllocated, mayGo, overlaps } from './plan.ts';

export const finalizer = 'networking.k8s.io/service-cidr-finalizer';
const fieldManager = 'service-cidr-controller';
/** API servers must have heard of the deletion before the last look at addresses counts. */
const grace = 10_000;

const blocked =
  'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';

/** In its own words and with upstream's field manager; nothing is written when it says so already. */
async function tell(cidr: ServiceCIDR, ready: boolean, { client, clock }: ControllerContext): Promise<void> {
  const wanted = ready
    ? { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }
    : { status: 'False', reason: 'Terminating', message: blocked };
  const now = cidr.status?.conditions?.find((c) => c.type === 'Ready');
  if (now?.status === wanted.status && (ready || now.reason === wanted.reason)) return;
  const { name } = cidr.metadata;
  const condition = { type: 'Ready', ...wanted, lastTransitionTime: toTime(clock.now()) };
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    status: { conditions: [condition] },
  };
  const options = { subresource: 'status', fieldManager, force: true };
  await tolerate(['NotFound'], client.patch(serviceCIDRs, name, undefined, 'apply', object, options));
}

const patch = (cidr: ServiceCIDR, metadata: object, { client }: ControllerContext) =>
  tolerate(['NotFound'], client.patch(serviceCIDRs, cidr.metadata.name, undefined, 'strategic', { metadata }));

export const serviceCidrController: Controller = {
  name: 'service-cidr-controller',
  serviceAccount: 'service-cidrs-controller',
  workers: 5,
  watches: [
    watch({
      resource: serviceCIDRs,
      keys: (cidr, { informers }) => [
        cidr.metadata.name,
        ...informers
          .informer(serviceCIDRs)
          .list()
          .filter((other) => overlaps(cidr, other))
          .map((other) => other.metadata.name),
      ],
    }),
    watch({
      resource: ipAddresses,
      keys: (ip, { informers }) =>
        isAllocated(ip)
          ? informers
              .informer(serviceCIDRs)
              .list()
              .filter((cidr) => cidr.metadata.deletionTimestamp && holds(cidr, ip.metadata.name))
              .map((cidr) => cidr.metadata.name)
          : [],
    }),
  ],
  async reconcile(key, context) {
    const { informers, events, clock } = context;
    const cidr = informers.informer(serviceCIDRs).get(key);
    if (!cidr) return;
    const held = cidr.metadata.finalizers?.includes(finalizer);
    if (!cidr.metadata.deletionTimestamp) {
      if (!held) await patch(cidr, { finalizers: [finalizer] }, context);
      await tell(cidr, true, context).catch((error) => {
        const text = 'The ServiceCIDR Status can not be set to Ready=True';
        events.event(cidr, 'Warning', 'KubernetesServiceCIDRError', text);
        throw error;
      });
      return;
    }
    if (!mayGo(cidr, informers.informer(serviceCIDRs).list(), informers.informer(ipAddresses).list()))
      return void (await tell(cidr, false, context));
    const left = timeOf(cidr.metadata.deletionTimestamp) + grace - clock.now();
    if (left > 0) return { after: left };
    if (held) await patch(cidr, { '$deleteFromPrimitiveList/finalizers': [finalizer] }, context);
    return;
  },
};
