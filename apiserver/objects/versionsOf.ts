// A kind's other versions as managedFields need them: an entry is about the object as the version sees it that its manager spoke.
// Reads: the registry. Used by managed.ts and handlers/applyChange.ts. Mirrors: apimachinery/pkg/util/managedfields/internal/versionconverter.go.
import { deepCopy } from '../../apimachinery/deepCopy.ts';
import type { Convert } from '../../apimachinery/managedfields/takeFields.ts';
import type { Registry, Served } from '../kinds/registry.ts';

const known = new WeakMap<Served, { generation: number; convert: Convert | undefined }>();

/** Undefined where all versions look the same: kinds of one version, and custom resources that a webhook converts. */
export function convertOf(registry: Registry, served: Served): Convert | undefined {
  const before = known.get(served);
  if (before?.generation === registry.generation) return before.convert;
  const rows = served.bareItems ? versionsOf(registry, served) : [];
  const convert = rows.length > 1 ? converter(rows, served) : served.kind.stored?.inVersion;
  known.set(served, { generation: registry.generation, convert });
  return convert;
}

/** The rows that share what is stored. */
function versionsOf(registry: Registry, { home }: Served): Served[] {
  const { group, version, plural } = home.kind;
  return [...registry.all(), ...registry.hidden()].filter((row) => {
    const as = row.kind.storedAs;
    return row === home || (as && as.group === group && as.version === version && as.plural === plural);
  });
}

const converter =
  (rows: readonly Served[], served: Served): Convert =>
  (object, wanted) => {
    const to = rows.find((row) => row.apiVersion === wanted);
    if (!to) return undefined;
    const from = rows.find((row) => row.apiVersion === object.apiVersion) ?? served;
    // What is not there yet looks the same in all versions.
    if (from === to || !object.metadata) return { object, node: to.node };
    const stored = from.kind.storedAs?.toStored(deepCopy(object)) ?? deepCopy(object);
    return { object: to.kind.storedAs?.fromStored(stored) ?? stored, node: to.node };
  };
