// Older versions of kinds: other rows of the same stored objects, there when --runtime-config asks for them.
// Reads: the rows of the newest versions. Mirrors: pkg/apis/resource/v1beta1/conversion.go; the other versions have the form of the stable one.
// Next: ../runtimeConfig.ts, which decides what is served.
import type { KubeObject } from '../../apimachinery/types.ts';
import { clusterTrustBundle } from './clusterTrustBundle.ts';
import { deviceClass } from './deviceClass.ts';
import { ipAddress } from './ipAddress.ts';
import type { Kind } from './kind.ts';
import { leaseCandidate } from './leaseCandidate.ts';
import { mutatingAdmissionPolicy } from './mutatingAdmissionPolicy.ts';
import { mutatingAdmissionPolicyBinding } from './mutatingAdmissionPolicyBinding.ts';
import { resourceClaim } from './resourceClaim.ts';
import { resourceClaimTemplate } from './resourceClaimTemplate.ts';
import { resourceSlice } from './resourceSlice.ts';
import { serviceCIDR } from './serviceCIDR.ts';
import { volumeAttributesClass } from './volumeAttributesClass.ts';

type Change = (object: any) => any;

/** Minor releases in which a version came to be deprecated, and in which it goes. */
const lifetimes: Readonly<Record<string, [deprecated: number, gone: number]>> = {
  'certificates.k8s.io/v1alpha1': [34, 37],
  'coordination.k8s.io/v1alpha2': [35, 38],
  'networking.k8s.io/v1beta1': [34, 37],
  'storage.k8s.io/v1beta1': [34, 37],
  'resource.k8s.io/v1beta1': [35, 38],
};

function deprecationOf({ group, kind, version: newest }: Kind, version: string): string | undefined {
  const [deprecated, gone] = lifetimes[`${group}/${version}`] ?? [];
  if (!deprecated) return undefined;
  const text = `${group}/${version} ${kind} is deprecated in v1.${deprecated}+, unavailable in v1.${gone}+`;
  return newest === 'v1' ? `${text}; use ${group}/v1 ${kind}` : text;
}

/** A version of the same form: the hooks of the newest row do. */
function sameForm(home: Kind, version: string): Kind {
  const { group, plural } = home;
  const as = (v: string) => (object: KubeObject) => ({ ...object, apiVersion: `${group}/${v}` });
  const deprecation = deprecationOf(home, version);
  return {
    ...home,
    version,
    schema: home.schema.replace(`.${home.version}.`, `.${version}.`),
    storedAs: { group, version: home.version, plural, toStored: as(home.version), fromStored: as(version) },
    ...(deprecation && { deprecation }),
  };
}

/** A version of another form: each hook sees the stable one. */
function otherForm(home: Kind, version: string, to: Change, from: Change): Kind {
  const same = sameForm(home, version);
  const { toStored, fromStored } = same.storedAs!;
  const up: Change = (object) => object && to(toStored(object));
  const down: Change = (object) => fromStored(from(object));
  const mutate = (object: any, change: (stored: any) => void) => {
    const stored = up(object);
    change(stored);
    Object.assign(object, down(stored));
  };
  return {
    ...same,
    storedAs: { ...same.storedAs!, toStored: up, fromStored: down },
    ...(home.defaults && { defaults: (object) => mutate(object, home.defaults!) }),
    ...(home.prepareCreate && {
      prepareCreate: (object, context) => mutate(object, (stored) => home.prepareCreate!(stored, context)),
    }),
    ...(home.prepareUpdate && {
      prepareUpdate: (object, old, context) =>
        mutate(object, (stored) => home.prepareUpdate!(stored, up(old), context)),
    }),
    ...(home.authorizeWrite && {
      authorizeWrite: (object, old, context) => home.authorizeWrite!(up(object), up(old), context),
    }),
    ...(home.validateCreate && { validateCreate: (object) => home.validateCreate!(up(object)) }),
    ...(home.validateUpdate && { validateUpdate: (object, old) => home.validateUpdate!(up(object), up(old)) }),
    ...(home.subresources && {
      subresources: home.subresources.map((sub) => ({
        ...sub,
        ...(sub.validateUpdate && { validateUpdate: (object, old) => sub.validateUpdate!(up(object), up(old)) }),
      })),
    }),
  };
}

const inList = (list: any[] | undefined, change: Change) => (list ? { list: list.map(change) } : undefined);

/** What lies within `exactly` since v1beta2 lay beside it before. */
const exactFields = 'deviceClassName selectors allocationMode count adminAccess tolerations capacity'.split(' ');

function requestUp({ name, firstAvailable, ...rest }: any): any {
  const exactly = Object.fromEntries(exactFields.filter((f) => rest[f] !== undefined).map((f) => [f, rest[f]]));
  const exact = !firstAvailable?.length || Object.keys(exactly).length > 0;
  return { name, ...(exact && { exactly }), ...(firstAvailable && { firstAvailable }) };
}
const requestDown = ({ exactly, ...rest }: any): any => ({ ...rest, ...exactly });

const inRequests = (change: Change) => (spec: any) => {
  const requests = inList(spec?.devices?.requests, change);
  return requests ? { ...spec, devices: { ...spec.devices, requests: requests.list } } : spec;
};
const inClaim =
  (change: Change): Change =>
  (claim) =>
    claim.spec ? { ...claim, spec: inRequests(change)(claim.spec) } : claim;
const inTemplate =
  (change: Change): Change =>
  (template) =>
    template.spec?.spec
      ? { ...template, spec: { ...template.spec, spec: inRequests(change)(template.spec.spec) } }
      : template;

const deviceUp = ({ name, basic }: any): any => ({ name, ...basic });
const deviceDown = ({ name, ...basic }: any): any => ({ name, basic });
const inSlice =
  (change: Change): Change =>
  (slice) => {
    const devices = inList(slice.spec?.devices, change);
    return devices ? { ...slice, spec: { ...slice.spec, devices: devices.list } } : slice;
  };

export const olderVersions: readonly Kind[] = [
  sameForm(mutatingAdmissionPolicy, 'v1alpha1'),
  sameForm(mutatingAdmissionPolicyBinding, 'v1alpha1'),
  sameForm(clusterTrustBundle, 'v1alpha1'),
  sameForm(leaseCandidate, 'v1alpha2'),
  sameForm(ipAddress, 'v1beta1'),
  sameForm(serviceCIDR, 'v1beta1'),
  sameForm(volumeAttributesClass, 'v1beta1'),
  ...[deviceClass, resourceClaim, resourceClaimTemplate, resourceSlice].map((kind) => sameForm(kind, 'v1beta2')),
  sameForm(deviceClass, 'v1beta1'),
  otherForm(resourceClaim, 'v1beta1', inClaim(requestUp), inClaim(requestDown)),
  otherForm(resourceClaimTemplate, 'v1beta1', inTemplate(requestUp), inTemplate(requestDown)),
  otherForm(resourceSlice, 'v1beta1', inSlice(deviceUp), inSlice(deviceDown)),
];
