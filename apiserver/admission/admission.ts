// The order in which admission plugins see a write, and which of them are on. A new plugin is a new line at its place.
// Reads: --enable-admission-plugins and --disable-admission-plugins. Mirrors: pkg/kubeapiserver/options/plugins.go.
// Next: ../objects/admit.ts runs all that change, later all that only look.
import { UsageError } from '../../component-base/flags.ts';
import { defaultIngressClass } from './defaultIngressClass.ts';
import { defaultStorageClass } from './defaultStorageClass.ts';
import { defaultTolerationSeconds } from './defaultTolerationSeconds.ts';
import { limitRanger } from './limitRanger.ts';
import { namespaceLifecycle } from './namespaceLifecycle.ts';
import { persistentVolumeClaimResize } from './persistentVolumeClaimResize.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { podTopologyLabels } from './podTopologyLabels.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resourceQuota.ts';
import { runtimeClass } from './runtimeClass.ts';
import { serviceAccount } from './serviceAccount.ts';
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from './signers.ts';
import { storageObjectInUseProtection } from './storageObjectInUseProtection.ts';
import { taintNodesByCondition } from './taintNodesByCondition.ts';

export interface AdmissionOptions {
  enable: readonly string[];
  disable: readonly string[];
  /** Of DefaultTolerationSeconds. */
  notReadySeconds: number;
  unreachableSeconds: number;
}

/** `make` is absent for a plugin that is known by name but not built yet: it has its place, and does nothing. */
interface Row {
  name: string;
  on: boolean;
  make?(options: AdmissionOptions): AdmissionPlugin;
}

const row = (name: string, on: boolean, make?: Row['make']): Row => ({ name, on, make });

/** Upstream's order and defaults. Webhooks, quota and AlwaysDeny stay last: they judge what all others have made of the object. */
const order: readonly Row[] = [
  row('AlwaysAdmit', false),
  row('NamespaceAutoProvision', false),
  row('NamespaceLifecycle', true, namespaceLifecycle),
  row('NamespaceExists', false),
  row('LimitPodHardAntiAffinityTopology', false),
  row('LimitRanger', true, limitRanger), // defaults and bounds of resources, from LimitRanges
  row('ServiceAccount', true, () => serviceAccount()),
  row('NodeRestriction', false), // what a kubelet may change
  row('TaintNodesByCondition', true, taintNodesByCondition), // new nodes are tainted not-ready
  row('AlwaysPullImages', false),
  row('ImagePolicyWebhook', false),
  row('PodSecurity', true), // the levels of a namespace's labels
  row('PodNodeSelector', false),
  row('Priority', true, priority), // priority from PriorityClasses
  row('DefaultTolerationSeconds', true, (o) =>
    defaultTolerationSeconds({ notReady: o.notReadySeconds, unreachable: o.unreachableSeconds }),
  ),
  row('PodTolerationRestriction', false),
  row('EventRateLimit', false),
  row('ExtendedResourceToleration', false),
  row('DefaultStorageClass', true, defaultStorageClass), // the class of claims that name none
  row('StorageObjectInUseProtection', true, storageObjectInUseProtection), // finalizers of claims and volumes
  row('OwnerReferencesPermissionEnforcement', false),
  row('PersistentVolumeClaimResize', true, persistentVolumeClaimResize),
  row('RuntimeClass', true, runtimeClass), // overhead and scheduling of a RuntimeClass
  row('CertificateApproval', true, certificateApproval), // who may approve for a signer
  row('CertificateSigning', true, certificateSigning), // who may sign for it
  row('ClusterTrustBundleAttest', true, clusterTrustBundleAttest), // who may publish its roots
  row('CertificateSubjectRestriction', true, certificateSubjectRestriction), // no system:masters
  row('DefaultIngressClass', true, defaultIngressClass),
  row('DenyServiceExternalIPs', false),
  row('PodTopologyLabels', true, podTopologyLabels), // zone and region of the node, at binding
  row('NodeDeclaredFeatureValidator', true),
  row('MutatingAdmissionPolicy', true),
  row('MutatingAdmissionWebhook', true),
  row('ValidatingAdmissionPolicy', true),
  row('ValidatingAdmissionWebhook', true),
  row('ResourceQuota', true, resourceQuota), // no namespace uses more than its quotas
  row('AlwaysDeny', false),
];

/** The names that the flags take, in order. */
export const pluginNames: readonly string[] = order.map((r) => r.name);

/** The plugins that are on and built, in order. Throws UsageError on a name that is unknown or both on and off. */
export function admissionPlugins(options: AdmissionOptions): AdmissionPlugin[] {
  checkNames('enable-admission-plugins', options.enable);
  checkNames('disable-admission-plugins', options.disable);
  const both = options.enable.filter((name) => options.disable.includes(name));
  if (both.length) {
    throw new UsageError(
      `${both.join(', ')} in both --enable-admission-plugins and --disable-admission-plugins: name a plugin in one of them.`,
    );
  }
  const on = (r: Row) => options.enable.includes(r.name) || (r.on && !options.disable.includes(r.name));
  return order.filter(on).flatMap((r) => (r.make ? [r.make(options)] : []));
}

function checkNames(flag: string, names: readonly string[]): void {
  const unknown = names.find((name) => !pluginNames.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(`--${flag}: plugin "${unknown}" is unknown; known are ${pluginNames.join(', ')}.`);
}
