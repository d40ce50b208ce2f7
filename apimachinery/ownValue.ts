// A value under a name that a client has chosen: `constructor` and `toString` are names like any other, though every object has them.
// Used wherever one map of a client is looked into by the names of another.

export const ownValue = <T>(map: Readonly<Record<string, T>> | undefined | null, name: string): T | undefined =>
  map && Object.hasOwn(map, name) ? map[name] : undefined;
