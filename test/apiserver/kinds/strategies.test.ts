// How each kind takes writes: upstream's strategies as a table.
import { expect, it } from 'vitest';
import { kinds } from '../../../apiserver/kinds/kinds.ts';

/** AllowCreateOnUpdate is true. */
const createdByPut = [
  'clusterrolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'endpoints',
  'events',
  'events.events.k8s.io',
  'leasecandidates.coordination.k8s.io',
  'leases.coordination.k8s.io',
  'limitranges',
  'rolebindings.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'runtimeclasses.node.k8s.io',
  'services',
];
/** AllowUnconditionalUpdate is false. */
const needVersion = [
  'apiservices.apiregistration.k8s.io',
  'clustertrustbundles.certificates.k8s.io',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'csistoragecapacities.storage.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'leasecandidates.coordination.k8s.io',
  'leases.coordination.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'podcertificaterequests.certificates.k8s.io',
  'poddisruptionbudgets.policy',
  'runtimeclasses.node.k8s.io',
  'storageversionmigrations.storagemigration.k8s.io',
  'storageversions.internal.apiserver.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'volumeattachments.storage.k8s.io',
];
/** DefaultGarbageCollectionPolicy is OrphanDependents. */
const orphaning = ['jobs.batch', 'replicationcontrollers'];

/** The 200 of DELETE is the object rather than a Status. */
const answeringWithObject = [
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'deviceclasses.resource.k8s.io',
  'devicetaintrules.resource.k8s.io',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
  'resourcequotas',
  'resourceslices.resource.k8s.io',
  'serviceaccounts',
  'services',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
];

const nameOf = (k: { group: string; plural: string }) => (k.group ? `${k.plural}.${k.group}` : k.plural);
const stored = kinds.filter((k) => k.storage);
const those = (which: (k: (typeof kinds)[number]) => boolean) => [...new Set(stored.filter(which).map(nameOf))].sort();

it('PUT creates where upstream’s strategies say so', () => {
  expect(those((k) => k.createOnUpdate === true)).toEqual(createdByPut);
});
it('updates must name a version where upstream’s strategies say so', () => {
  expect(those((k) => k.unconditionalUpdate === false)).toEqual(needVersion);
});
it('dependents stay by default where upstream’s strategies say so', () => {
  expect(those((k) => k.defaultPropagation === 'Orphan')).toEqual(orphaning);
});

it('DELETE answers with the object where the API’s facts say so', () => {
  expect(those((k) => k.deleteReturnsObject === true)).toEqual(answeringWithObject);
});
