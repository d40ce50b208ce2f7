// Each active namespace has a ServiceAccount `default`: what pods run as that name none.
// Reads: namespaces, serviceaccounts named default. Writes: serviceaccounts.
// Mirrors: pkg/controller/serviceaccount/serviceaccounts_controller.go. Next: rootCaPublisher.ts, the other thing pods wait for.
import { namespaces, serviceAccounts } from '../apimachinery/resources.ts';
import type { Namespace, ServiceAccount } from '../apimachinery/types.ts';
import { type Controller, watch } from '../client/controller.ts';
import { isNamespaceTerminating, tolerate } from './common/errors.ts';

const name = 'default';
const onlyDefault = { fieldSelector: `metadata.name=${name}` };

/** Should there be one made now? */
export const needsAccount = (ns: Namespace | undefined, account: ServiceAccount | undefined): boolean =>
  ns?.status?.phase === 'Active' && !ns.metadata.deletionTimestamp && !account;

export const serviceAccountController: Controller = {
  name: 'serviceaccount-controller',
  serviceAccount: 'service-account-controller',
  watches: [
    watch({ resource: namespaces, keys: (ns) => [ns.metadata.name] }),
    watch({
      resource: serviceAccounts,
      options: onlyDefault,
      keys: (sa) => [sa.metadata.namespace!],
      when: () => false,
    }),
  ],
  workers: 1,
  async reconcile(key, { client, informers }) {
    const ns = informers.informer(namespaces).get(key);
    if (!needsAccount(ns as Namespace, informers.informer(serviceAccounts, onlyDefault).get(`${key}/${name}`))) return;
    await tolerate(['AlreadyExists'], client.create(serviceAccounts, { metadata: { name, namespace: key } })).catch(
      (error) => {
        if (!isNamespaceTerminating(error)) throw error;
      },
    );
  },
};
