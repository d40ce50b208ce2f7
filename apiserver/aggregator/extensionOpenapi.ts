// The OpenAPI documents of extension servers: version 2 kept whole, since it is merged into one; of version 3 the index alone.
// Reads: each server's /openapi. Mirrors: kube-aggregator/pkg/controllers/openapi and openapiv3.
// Next: mergeSwagger.ts; ../openapi/ adds them to this server's own, and version 3 documents are asked for when they are wanted.
import { createHash } from 'node:crypto';
import type { Extension } from './apiServices.ts';
import { pathOf } from './assess.ts';
import type { ExtensionClient } from './extensionClient.ts';

export interface ExtensionOpenapi {
  refresh(extension: Extension): Promise<void>;
  /** The version 2 documents of the servers that have one, each with the group versions that it is good for. */
  v2(): { document: any; prefixes: string[] }[];
  /** The version 3 index: `apis/wardle.example.com/v1alpha1` → its link, with a hash where the server gave one. */
  v3(): Record<string, { serverRelativeURL: string }>;
  /** Grows when one of them changes. */
  readonly generation: number;
}

interface Known {
  v2?: { etag: string; document: any };
  v3?: string;
}

export function createExtensionOpenapi(client: ExtensionClient, extensions: () => Extension[]): ExtensionOpenapi {
  const known = new Map<string, Known>();
  let generation = 0;
  const current = () => {
    const all = extensions();
    for (const name of known.keys()) if (!all.some((e) => e.name === name)) known.delete(name);
    return all.filter((e) => known.has(e.name)).map((e) => ({ extension: e, documents: known.get(e.name)! }));
  };

  const refreshV2 = async (extension: Extension, documents: Known): Promise<void> => {
    const answer = await client.get(extension, '/openapi/v2', { etag: documents.v2?.etag });
    if (answer.code === 304) return;
    if (answer.code !== 200) return void delete documents.v2;
    const etag = String(answer.headers['etag'] ?? createHash('sha256').update(answer.body).digest('hex'));
    if (etag === documents.v2?.etag) return;
    documents.v2 = { etag, document: JSON.parse(answer.body.toString()) };
    generation++;
  };

  const refreshV3 = async (extension: Extension, documents: Known): Promise<void> => {
    const answer = await client.get(extension, '/openapi/v3');
    const paths = answer.code === 200 ? JSON.parse(answer.body.toString()).paths : undefined;
    const url = paths?.[pathOf(extension).slice(1)]?.serverRelativeURL;
    if (url === documents.v3) return;
    documents.v3 = url;
    generation++;
  };

  return {
    async refresh(extension) {
      const documents = known.get(extension.name) ?? {};
      known.set(extension.name, documents);
      await Promise.all([refreshV2(extension, documents), refreshV3(extension, documents)]);
    },
    v2: () =>
      current().flatMap(({ extension, documents }) =>
        documents.v2 ? [{ document: documents.v2.document, prefixes: [`${pathOf(extension)}/`] }] : [],
      ),
    v3: () =>
      Object.fromEntries(
        current().flatMap(({ extension, documents }) =>
          documents.v3 ? [[pathOf(extension).slice(1), { serverRelativeURL: documents.v3 }]] : [],
        ),
      ),
    get generation() {
      return generation;
    },
  };
}
