// What a cluster is seeded with: the objects of manifests/, by server-side apply, again at each start.
// Reads: YAML files. Writes: objects. Used by: seed.ts, compose/setup.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import * as resources from '../../apimachinery/resources.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';

const rows = Object.values(resources).filter((r): r is resources.Resource => typeof r === 'object');

/** Those of some files of the folder, or of all. */
export function readManifests(folder: string, names?: readonly string[]): KubeObject[] {
  const files = names ?? readdirSync(folder).filter((f) => f.endsWith('.yaml'));
  const documents = files.flatMap((f) => parseAllDocuments(readFileSync(join(folder, f), 'utf8')));
  return documents.map((d) => d.toJS() as KubeObject | null).filter((o) => o !== null);
}

/** `manager` is who owns what is applied. Rejects as the client does. */
export async function applyManifests(client: Client, objects: readonly KubeObject[], manager: string): Promise<void> {
  for (const object of objects) {
    const row = rows.find((r) => r.kind === object.kind && resources.apiVersionOf(r) === object.apiVersion);
    if (!row) throw new Error(`manifests name a kind that is not served: ${object.apiVersion} ${object.kind}`);
    const { name = '', namespace } = object.metadata;
    await client.patch(row, name, namespace, 'apply', object, { fieldManager: manager, force: true });
  }
}
