// Each namespace has a ConfigMap kube-root-ca.crt with the bundle that verifies the API server: pods mount it beside their token.
// Reads: namespaces, configmaps of that name. Writes: configmaps.
// Mirrors: pkg/controller/certificates/rootcacertpublisher/publisher.go. Next: the API server's ServiceAccount admission mounts it.
import { configMaps, namespaces } from '../apimachinery/resources.ts';
import type { ConfigMap, Namespace } from '../apimachinery/types.ts';
import { type Controller, watch } from '../client/controller.ts';
import { isNamespaceTerminating, tolerate } from './common/errors.ts';

export const rootCaName = 'kube-root-ca.crt';
const onlyRootCa = { fieldSelector: `metadata.name=${rootCaName}` };
const description = 'kubernetes.io/description';
const purpose =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export type RootCaPlan = { create: object } | { update: ConfigMap } | undefined;

/** What to write so that `namespace` has the bundle; undefined when it has. */
export function planRootCa(namespace: string, current: ConfigMap | undefined, bundle: string): RootCaPlan {
  const data = { 'ca.crt': bundle };
  if (!current)
    return { create: { metadata: { name: rootCaName, namespace, annotations: { [description]: purpose } }, data } };
  const same = Object.keys(current.data ?? {}).length === 1 && current.data?.['ca.crt'] === bundle;
  if (same && current.metadata.annotations?.[description]) return undefined;
  const metadata = { ...current.metadata, annotations: { ...current.metadata.annotations, [description]: purpose } };
  return { update: { ...current, metadata, data } };
}

/** `bundle` is the PEM of --root-ca-file, or of the kubeconfig. It may be empty, where TLS is not verified: readers wait for the name. */
export const rootCaPublisher = (bundle: string): Controller => ({
  name: 'root-ca-certificate-publisher-controller',
  serviceAccount: 'root-ca-cert-publisher',
  watches: [
    watch({ resource: namespaces, keys: (ns) => [ns.metadata.name], when: () => false }),
    watch({ resource: configMaps, options: onlyRootCa, keys: (cm) => [cm.metadata.namespace!] }),
  ],
  workers: 1,
  async reconcile(key, { client, informers }) {
    const ns = informers.informer(namespaces).get(key) as Namespace | undefined;
    if (!ns || ns.metadata.deletionTimestamp) return;
    const current = informers.informer(configMaps, onlyRootCa).get(`${key}/${rootCaName}`);
    const plan = planRootCa(key, current as ConfigMap | undefined, bundle);
    if (!plan) return;
    const write =
      'create' in plan
        ? tolerate(['AlreadyExists', 'NotFound'], client.create(configMaps, plan.create as never))
        : client.update(configMaps, plan.update as never);
    await write.catch((error) => {
      if (!isNamespaceTerminating(error)) throw error;
    });
  },
});
