// The ServiceCIDR `kubernetes`: the ranges of --service-cluster-ip-range, from which ClusterIPs are given out.
// Writes: that object and its condition Ready. Mirrors: pkg/controlplane/controller/defaultservicecidr.
// Next: kubernetesService.ts takes the first address of it.
import { toTime } from '../../apimachinery/clock.ts';
import { ensure } from './ensure.ts';
import type { Step, StepEnv } from './step.ts';

const serviceCIDRs = { group: 'networking.k8s.io', plural: 'servicecidrs' };
const name = 'kubernetes';

export const defaultServiceCIDR: Step = {
  name: 'default-service-cidr',
  hook: 'start-kubernetes-service-cidr-controller',
  every: 10_000,
  async run(env) {
    const object = await ensure(env.cluster, serviceCIDRs, {
      metadata: { name },
      spec: { cidrs: [...env.serviceCIDRs] },
    });
    const cidrs: string[] = object['spec'].cidrs;
    if (cidrs.length === 1 && env.serviceCIDRs.length === 2 && cidrs[0] === env.serviceCIDRs[0]) await addSecond(env);
    else if (cidrs.join() !== env.serviceCIDRs.join()) {
      env.log.warn(
        { stored: cidrs, flag: env.serviceCIDRs },
        'ServiceCIDR kubernetes differs from --service-cluster-ip-range',
      );
      return;
    }
    if (!object['status']?.conditions?.some((c: any) => c.type === 'Ready')) await markReady(env);
  },
};

/** A single-stack cluster turns dual-stack. */
async function addSecond(env: StepEnv): Promise<void> {
  await env.cluster.update(serviceCIDRs, name, undefined, (object) => {
    object.spec.cidrs = [...env.serviceCIDRs];
    return true;
  });
}

async function markReady(env: StepEnv): Promise<void> {
  await env.cluster.update(
    serviceCIDRs,
    name,
    undefined,
    (object) => {
      const message = 'Kubernetes default Service CIDR is ready';
      const lastTransitionTime = toTime(env.clock.now());
      object.status = {
        conditions: [{ type: 'Ready', status: 'True', reason: '', message, lastTransitionTime }],
      };
      return true;
    },
    { subresource: 'status' },
  );
}
