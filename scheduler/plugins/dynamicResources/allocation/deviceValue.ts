// A device as CEL sees it: `device.driver`, `device.attributes[domain][id]`, `device.capacity[domain][id]`.
// Reads: a Device of a ResourceSlice. Mirrors: DeviceMatches in staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go.
// Used by: selectors.ts. Next: cel/environments/device.ts, which declares the same shape.
import { parseQuantity } from '../../../../apimachinery/quantity.ts';
import type { Device } from '../../../../apimachinery/types.ts';
import { quantityValue } from '../../../../cel/libraries/quantities.ts';
import { semverValue } from '../../../../cel/libraries/semvers.ts';
import { MapValue } from '../../../../cel/values.ts';

export interface DeviceValue {
  driver: string;
  attributes: MapValue;
  capacity: MapValue;
}

type Attribute = NonNullable<Device['attributes']>[string];

const made = new WeakMap<Device, DeviceValue>();

/** Made once of each device: many requests ask about the same. */
export function deviceValueOf(device: Device, driver: string): DeviceValue {
  let value = made.get(device);
  if (!value) {
    value = {
      driver,
      attributes: byDomain(device.attributes ?? {}, driver, attributeValue),
      capacity: byDomain(device.capacity ?? {}, driver, ({ value }) => quantityValue(parseQuantity(value))),
    };
    made.set(device, value);
  }
  return value;
}

function attributeValue({ string, int, bool, version }: Attribute): unknown {
  if (version !== undefined) return semverValue(version);
  return string ?? int ?? bool;
}

/** A name without a domain belongs to the driver's own. A domain that the device knows nothing of reads as an empty map. */
function byDomain<T>(entries: Record<string, T>, driver: string, toValue: (entry: T) => unknown): MapValue {
  const domains = new MapValue();
  domains.absent = Object.freeze({});
  for (const [name, entry] of Object.entries(entries)) {
    const slash = name.indexOf('/');
    const domain = slash < 0 ? driver : name.slice(0, slash);
    const found = domains.entries.get(domain)?.[1] as Record<string, unknown> | undefined;
    const ids = found ?? (Object.create(null) as Record<string, unknown>);
    ids[name.slice(slash + 1)] = toValue(entry);
    domains.entries.set(domain, [domain, ids]);
  }
  return domains;
}
