// The four functions of the Reflect metadata proposal that @peculiar/x509's own parts call while they are loaded.
// Stands in for the package `reflect-metadata`, which would be a dependency for these lines alone. Must be imported first.
// Used by: cli/pki/issuePki.ts and controllers/certificates/.
const known = new WeakMap<object, Map<unknown, unknown>>();

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const own = known.get(target) ?? new Map();
  known.set(target, own.set(key, value));
}
const getOwnMetadata = (key: unknown, target: object) => known.get(target)?.get(key);
function getMetadata(key: unknown, target: object | null): unknown {
  for (let t = target; t; t = Object.getPrototypeOf(t)) if (known.get(t)?.has(key)) return known.get(t)?.get(key);
  return undefined;
}
const metadata = (key: unknown, value: unknown) => (target: object) => defineMetadata(key, value, target);

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { defineMetadata, getOwnMetadata, getMetadata, metadata });
