// Which names a resource may have: Kubernetes' own (`cpu`), extended ones (`example.com/gpu`), huge pages by size.
// Mirrors: pkg/apis/core/helper/helpers.go.
// Used by: resources.ts and ../node/validation.ts.
import { isQualifiedName } from '../../../apimachinery/names.ts';

const words = (text: string) => new Set(text.split(' '));
const counted = words(
  'pods resourcequotas services replicationcontrollers secrets configmaps persistentvolumeclaims services.nodeports services.loadbalancers',
);
const container = words('cpu memory ephemeral-storage');
const standard = new Set([
  ...container,
  ...counted,
  ...words(
    'requests.cpu requests.memory requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage storage requests.storage',
  ),
]);
export const hugePagesPrefix = 'hugepages-';

export const isHugePage = (name: string): boolean => name.startsWith(hugePagesPrefix);
/** Without a domain, or with Kubernetes' own. */
export const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
export const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
const isQuotaHugePage = (name: string): boolean => isHugePage(name) || name.startsWith(`requests.${hugePagesPrefix}`);
export const isStandard = (name: string): boolean => standard.has(name) || isQuotaHugePage(name);
/** What quotas count: everything standard but bare storage. */
export const isStandardForQuota = (name: string): boolean => name !== 'storage' && isStandard(name);
export const isStandardForContainers = (name: string): boolean => container.has(name) || isHugePage(name);
export const mayOvercommit = (name: string): boolean => isNative(name) && !isHugePage(name);
export const isWholeNumber = (name: string): boolean => counted.has(name) || isExtended(name);
