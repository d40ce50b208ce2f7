// An Ingress that names no class gets the default one.
// Reads: IngressClasses. Changes: Ingresses. Mirrors: plugin/pkg/admission/network/defaultingressclass/admission.go.
// Next: the ingress controller of that class serves it.
import { defaultClass } from './defaultClass.ts';
import type { AdmissionPlugin } from './plugin.ts';

const group = 'networking.k8s.io';

export const defaultIngressClass = (): AdmissionPlugin => ({
  name: 'DefaultIngressClass',
  admit({ kind, operation, subresource, object, context }) {
    if (kind.group !== group || kind.plural !== 'ingresses' || operation !== 'CREATE' || subresource) return;
    if ((object.spec?.ingressClassName ?? undefined) !== undefined) return;
    if (object.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
    const classes = context.cluster.cachedList({ group, plural: 'ingressclasses' });
    const found = defaultClass(classes, ['ingressclass.kubernetes.io/is-default-class']);
    if (found) object.spec = { ...object.spec, ingressClassName: found.metadata.name };
  },
});
