// What kubectl get shows of a Service. Mirrors: printService in pkg/printers/internalversion/printers.go.
import { ageColumn, column, nameColumn } from '../columns.ts';
import { labelsText } from '../selectors.ts';

function balancerPoints(service: any): string[] {
  const points = (service.status?.loadBalancer?.ingress ?? []).map((i: any) => i.ip || i.hostname).filter(Boolean);
  return [...new Set<string>(points)].sort();
}

function externalIP(service: any): string {
  const { type, externalIPs = [], externalName } = service.spec;
  switch (type) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIPs.join(',') || '<none>';
    case 'LoadBalancer':
      return [...balancerPoints(service), ...externalIPs].join(',') || '<pending>';
    case 'ExternalName':
      return externalName ?? '';
    default:
      return '<unknown>';
  }
}

const portText = (p: any) => (p.nodePort ? `${p.port}:${p.nodePort}/${p.protocol}` : `${p.port}/${p.protocol}`);

export const columns = [
  nameColumn,
  column('Type', 'How it can be reached.', (o) => o.spec.type),
  column('Cluster-IP', 'Its address inside the cluster.', (o) => o.spec.clusterIPs?.[0] ?? '<none>'),
  column('External-IP', 'Its addresses outside the cluster.', externalIP),
  column(
    'Port(s)',
    'Ports, and node ports behind the colon.',
    (o) => (o.spec.ports ?? []).map(portText).join(',') || '<none>',
  ),
  ageColumn,
  column('Selector', 'Labels of the pods behind it.', (o) => labelsText(o.spec.selector), 1),
];
