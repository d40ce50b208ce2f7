// What items of protobuf lists were written as, so that the next list need not parse and write the same objects again.
// The bytes are kept while they are not too many; of the others the sizes, which stand before the items of a list.
// Used by lists.ts. Upstream caches encodings of objects in its watch cache (cachingObject) for watches alone.

export interface WrittenItems {
  /** The item's bytes, as `write` makes them. */
  bytes(of: object, write: () => Buffer): Buffer;
  /** Their length, if they were written before. */
  size(of: object): number | undefined;
}

/** Of all resources and versions together. */
export const maxBytes = 16 * 1024 * 1024;
/** Milliseconds. Bytes of objects that are gone count until then. */
const renewal = 60_000;

const versions = new Map<string, { bytes: WeakMap<object, Buffer>; sizes: WeakMap<object, number> }>();
let held = 0;
let renewed = 0;

/** Of objects that do not change: the same ones come again with the next list. */
export function writtenItems(apiVersion: string, now = performance.now()): WrittenItems {
  if (held > maxBytes && now - renewed > renewal) {
    for (const version of versions.values()) version.bytes = new WeakMap();
    held = 0;
    renewed = now;
  }
  const version = versions.get(apiVersion) ?? { bytes: new WeakMap(), sizes: new WeakMap() };
  versions.set(apiVersion, version);
  return {
    bytes(of, write) {
      const known = version.bytes.get(of);
      if (known) return known;
      const made = write();
      version.sizes.set(of, made.length);
      if (held > maxBytes) return made;
      held += made.length;
      version.bytes.set(of, made);
      return made;
    },
    size: (of) => version.sizes.get(of),
  };
}

/** Of values that are made for one list: a Table's rows. */
export function writtenOnce(): WrittenItems {
  const sizes = new WeakMap<object, number>();
  return {
    bytes(of, write) {
      const made = write();
      sizes.set(of, made.length);
      return made;
    },
    size: (of) => sizes.get(of),
  };
}
