// Are two objects the same in Go's eyes? What is absent equals what is empty, and quantities compare by value.
// Mirrors: apiequality.Semantic.DeepEqual (staging/src/k8s.io/apimachinery/pkg/api/equality/semantic.go).
// Used by: update rules of pods and immutable fields.
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { equalQuantities, parseQuantity } from '../../apimachinery/quantity.ts';

/** Pointers in Go's types: there, absent differs from false, 0 and the empty string. */
const pointers = new Set(
  (
    'activeDeadlineSeconds allowPrivilegeEscalation automountServiceAccountToken backoffLimit backoffLimitPerIndex completions ' +
    'defaultMode enableServiceLinks expirationSeconds failedIndexes failedJobsHistoryLimit fsGroup hostProcess hostUsers ' +
    'hostnameOverride immutable localhostProfile maxFailedIndexes maxUnavailable minAvailable minDomains mode optional ' +
    'parallelism preemptionPolicy priority privileged progressDeadlineSeconds readOnlyRootFilesystem replicas ' +
    'restartPolicy revisionHistoryLimit runAsGroup runAsNonRoot runAsUser runtimeClassName setHostnameAsFQDN ' +
    'shareProcessNamespace startingDeadlineSeconds storageClassName succeededCount successfulJobsHistoryLimit suspend ' +
    'terminationGracePeriodSeconds tolerationSeconds ttlSecondsAfterFinished volumeAttributesClassName'
  ).split(' '),
);
/** Maps with keys of the user's: an entry that is empty is still there. */
const maps = new Set(
  'annotations labels limits matchLabels nodeSelector options overhead requests volumeAttributes'.split(' '),
);
/** Structs held by value: there, absent equals `{}`. Elsewhere `{}` is a pointer to an empty struct (emptyDir). */
const inlined = new Set(['metadata', 'resources']);
const quantities = new Set(['limits', 'requests', 'overhead']);

const isEmpty = (value: any, key: string): boolean => {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return !value && !pointers.has(key);
  if (Array.isArray(value)) return value.length === 0;
  if (maps.has(key)) return Object.keys(value).length === 0;
  return inlined.has(key) && Object.keys(value).every((k) => isEmpty(value[k], k));
};

function equalMaps(a: any, b: any, amounts: boolean): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((k) =>
    k in b && amounts
      ? equalQuantities(parseQuantity(a[k]), parseQuantity(b[k]))
      : // The selector of nodes is a map in pods and a struct elsewhere.
        a[k] === b[k] || (typeof a[k] === 'object' && semanticEqual(a[k], b[k], k)),
  );
}

/** `key` is the field that holds both values. */
export function semanticEqual(a: any, b: any, key = ''): boolean {
  if (a === b) return true;
  const emptyA = isEmpty(a, key);
  if (emptyA || isEmpty(b, key)) return emptyA && isEmpty(b, key);
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => semanticEqual(item, b[i]));
  if (maps.has(key)) return equalMaps(a, b, quantities.has(key));
  for (const k in a) if (!semanticEqual(a[k], b[k], k)) return false;
  for (const k in b) if (!(k in a) && !isEmpty(b[k], k)) return false;
  return true;
}

/** The same, quick where nothing has changed at all, as in most writes. */
export const sameToGo = (a: unknown, b: unknown): boolean => deepEqual(a, b) || semanticEqual(a, b);

/** Where two objects differ, a line each: `-spec.a: 1`, `+spec.a: 2`; for people, as the last part of a refusal. */
export function diffLines(old: any, now: any, path = ''): string[] {
  const key = path.slice(path.lastIndexOf('.') + 1);
  if (semanticEqual(old, now, key)) return [];
  const both = [old, now].every((v) => v && typeof v === 'object');
  if (!both || Array.isArray(old) !== Array.isArray(now)) {
    const line = (sign: string, value: unknown) =>
      isEmpty(value, key) ? [] : [`${sign} ${path}: ${JSON.stringify(value)}`];
    return [...line('-', old), ...line('+', now)];
  }
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const inner = (k: string) => (Array.isArray(old) ? `${path}[${k}]` : path ? `${path}.${k}` : k);
  return keys.flatMap((k) => diffLines(old[k], now[k], inner(k)));
}
