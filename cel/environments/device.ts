// The variable `device` that selectors of devices speak of, and how large its parts may be.
// Mirrors: staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go. Next: kinds/devices/selectors.ts compiles with it.
import type { CelEnv } from '../cel.ts';
import { type CelType, mapType, objectType, quantityType } from '../types.ts';

const longestDomain = 63;
const longestId = 32;
const longestDriver = 63;
const longestValue = 64;
/** Attributes and capacities of one device. */
const mostEntries = 32;

const text = (maxSize: number): CelType => ({ kind: 'string', maxSize });
/** A bool, an int, a string or a version. */
const attribute: CelType = { kind: 'dyn', maxSize: longestValue };
const byDomain = (entries: CelType) => mapType(text(longestDomain), entries, mostEntries);
const attributes: CelType = {
  ...{ kind: 'map', key: text(longestId), value: attribute, maxSize: mostEntries },
  // `device.attributes['dra.example.com'].model` is as large as any attribute.
  namedEntries: true,
};

const device = objectType('kubernetes.DRADevice', {
  driver: text(longestDriver),
  attributes: byDomain(attributes),
  capacity: byDomain(mapType(text(longestId), quantityType, mostEntries)),
});

/** `mode` is `stored` for expressions that were there before. `allowMultipleAllocations` comes with a gate that is off. */
export const deviceEnv = (mode: 'new' | 'stored'): CelEnv => ({ variables: { device }, mode, bindings: true });
