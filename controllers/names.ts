// Every controller of upstream's kube-controller-manager v1.35 by name: what --controllers may say, and what '*' leaves off.
// Data. Mirrors: cmd/kube-controller-manager/names/controller_names.go and the descriptors' gates. Used by: controllers.ts, flags.ts.
import { UsageError } from '../component-base/flags.ts';
import { withoutAlias } from './aliases.ts';

const onByDefault = `
  certificatesigningrequest-approving-controller certificatesigningrequest-cleaner-controller
  certificatesigningrequest-signing-controller clusterrole-aggregation-controller cronjob-controller daemonset-controller
  deployment-controller disruption-controller endpoints-controller endpointslice-controller endpointslice-mirroring-controller
  ephemeral-volume-controller garbage-collector-controller horizontal-pod-autoscaler-controller job-controller
  legacy-serviceaccount-token-cleaner-controller namespace-controller node-ipam-controller node-lifecycle-controller
  persistentvolume-attach-detach-controller persistentvolume-binder-controller persistentvolume-expander-controller
  persistentvolume-protection-controller persistentvolumeclaim-protection-controller pod-garbage-collector-controller
  replicaset-controller replicationcontroller-controller resourceclaim-controller resourcequota-controller
  root-ca-certificate-publisher-controller service-cidr-controller serviceaccount-controller serviceaccount-token-controller
  statefulset-controller taint-eviction-controller ttl-after-finished-controller ttl-controller
  validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller`;

/** They run with --cloud-provider alone; upstream's own manager has the names of the last three, its cloud-controller-manager all. */
const cloud = 'cloud-node-controller cloud-node-lifecycle-controller node-route-controller service-lb-controller';

/** Of features that are off by default in v1.35: their names may be said, and nothing runs under them here. */
const behindGates = `
  device-taint-eviction-controller kube-apiserver-serving-clustertrustbundle-publisher-controller
  podcertificaterequest-cleaner-controller storage-version-migrator-controller storageversion-garbage-collector-controller`;

/** selinux-warning-controller is known and not there: it tells of pods whose SELinux labels differ on one volume, and no kubelet here labels volumes. */
const offByDefault = 'bootstrap-signer-controller selinux-warning-controller token-cleaner-controller';

const words = (text: string) => text.split(/\s+/).filter(Boolean);

export const disabledByDefault: readonly string[] = words(offByDefault);
export const knownControllers: readonly string[] = words(
  `${onByDefault} ${cloud} ${behindGates} ${offByDefault}`,
).sort();

/** Throws UsageError on a name that is none of `known`, in upstream's words. */
export function checkNames(asked: readonly string[], known: readonly string[] = knownControllers): void {
  for (const name of asked) {
    const bare = withoutAlias(name.replace(/^-/, ''));
    if (name !== '*' && !known.includes(bare))
      throw new UsageError(`"${bare}" is not in the list of known controllers`);
  }
}

/** What --help says of --controllers. */
export const controllersHelp = (known: readonly string[] = knownControllers): string =>
  [
    "A list of controllers to enable: '*' enables all that are on by default, 'foo' the one named foo, '-foo' disables it.",
    `All controllers: ${known.join(', ')}`,
    `Disabled-by-default controllers: ${disabledByDefault.filter((name) => known.includes(name)).join(', ')}`,
  ].join('\n            ');
