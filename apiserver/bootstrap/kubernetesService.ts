// The Service default/kubernetes: the API at the first ClusterIP, port 443, for every pod.
// Writes: that Service. Mirrors: pkg/controlplane/controller/kubernetesservice. Next: kubernetesEndpoints.ts, what stands behind it.
import { ipText } from '../../apimachinery/ipFormat.ts';
import { rangeOf } from '../kinds/service/ipAllocator.ts';
import { ensure } from './ensure.ts';
import type { Step } from './step.ts';

const services = { group: '', plural: 'services' };

const portOf = (targetPort: number) => ({ name: 'https', port: 443, protocol: 'TCP', targetPort });

/** The first usable address of a range: 10.96.0.1 of 10.96.0.0/12. */
export function firstServiceIP(cidr: string): string {
  const range = rangeOf(cidr);
  return ipText(range.cidr.family, range.first);
}

export const kubernetesService: Step = {
  name: 'kubernetes-service',
  every: 10_000,
  async run({ cluster, serviceCIDRs, port }) {
    const clusterIP = firstServiceIP(serviceCIDRs[0]!);
    const found = await ensure(cluster, services, {
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { provider: 'kubernetes', component: 'apiserver' },
      },
      spec: {
        ports: [portOf(port)],
        clusterIP,
        clusterIPs: [clusterIP],
        ipFamilyPolicy: 'SingleStack',
        sessionAffinity: 'None',
        type: 'ClusterIP',
      },
    });
    if (JSON.stringify(ports(found)) === JSON.stringify([portOf(port)]) && found['spec'].type === 'ClusterIP') return;
    await cluster.update(services, 'kubernetes', 'default', (service) => {
      service.spec.ports = [portOf(port)];
      service.spec.type = 'ClusterIP';
      return true;
    });
  },
};

const ports = (service: any) =>
  service.spec.ports?.map((p: any) => ({ name: p.name, port: p.port, protocol: p.protocol, targetPort: p.targetPort }));
