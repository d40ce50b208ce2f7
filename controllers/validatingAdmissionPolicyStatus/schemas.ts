// The types of the kinds that the server serves: found by discovery, made of its OpenAPI v3 documents.
// Reads: /api, /apis, /openapi/v3. Mirrors: staging/src/k8s.io/apiserver/pkg/cel/openapi/resolver (discovery.go, refs.go).
// Used by: validatingAdmissionPolicyStatus.ts. Next: cel/schemaType.ts.
import { isReason } from '../../apimachinery/status.ts';
import { celTypeOf } from '../../cel/schemaType.ts';
import type { CelType } from '../../cel/types.ts';
import type { Client } from '../../client/client.ts';
import { resolveSchema, type Schema, type Schemas } from './resolveSchema.ts';
import type { GroupVersionKind, GroupVersionResource } from './typesToCheck.ts';

export interface Served {
  kindsOf(r: GroupVersionResource): Promise<GroupVersionKind[]>;
  /** Undefined: nobody serves it, or it has no schema. */
  typeOf(kind: GroupVersionKind): Promise<CelType | undefined>;
}

export interface SchemaCache {
  now(client: Client): Promise<Served>;
  /** Lets documents go that nobody has asked for since the last call: they are megabytes, and policies come seldom. */
  tidy(): void;
}

/** Documents are kept by their URL, which names their content. */
export function createSchemas(): SchemaCache {
  const documents = new Map<string, Schemas>();
  let isInUse = false;
  return {
    tidy() {
      if (!isInUse) documents.clear();
      isInUse = false;
    },
    async now(client) {
      isInUse = true;
      const index = await client.raw<any>('GET', '/openapi/v3');
      const urls = new Map<string, string>(
        Object.entries<any>(index.paths ?? {}).map(([path, { serverRelativeURL }]) => [path, serverRelativeURL]),
      );
      const current = new Set(urls.values());
      for (const url of documents.keys()) if (!current.has(url)) documents.delete(url);
      return servedBy(client, async (path) => {
        const url = urls.get(path);
        if (!url) return {};
        const known = documents.get(url) ?? (await client.raw<any>('GET', url)).components?.schemas ?? {};
        documents.set(url, known);
        return known;
      });
    },
  };
}

const pathOf = (group: string, version: string) => (group ? `apis/${group}/${version}` : `api/${version}`);

function servedBy(client: Client, schemasOf: (path: string) => Promise<Schemas>): Served {
  const lists = new Map<string, Promise<any>>();
  const list = (path: string) => {
    const found = lists.get(path) ?? client.raw<any>('GET', `/${path}`).catch(noneIfMissing);
    lists.set(path, found);
    return found;
  };
  return {
    async kindsOf({ group, version, resource }) {
      const { resources = [] } = await list(pathOf(group, version));
      const found: { kind: string }[] = resources.filter((r: any) => r.name === resource);
      return found.map(({ kind }) => ({ group, version, kind }));
    },
    async typeOf(wanted) {
      const schemas = await schemasOf(pathOf(wanted.group, wanted.version));
      const name = Object.keys(schemas).find((key) => describes(schemas[key]!, wanted));
      return name === undefined
        ? undefined
        : celTypeOf(resolveSchema(schemas, name), { resourceRoot: true, name: wanted.kind });
    },
  };
}

const noneIfMissing = (error: unknown) => {
  if (isReason(error, 'NotFound')) return {};
  throw error;
};

const describes = (schema: Schema, { group, version, kind }: GroupVersionKind): boolean =>
  (schema['x-kubernetes-group-version-kind'] ?? []).some(
    (gvk: GroupVersionKind) => gvk.group === group && gvk.version === version && gvk.kind === kind,
  );
