// OpenAPI v3: an index and one document a group version, made from the live registry on demand.
// Reads: registry. Mirrors: apiserver/pkg/server/routes/openapi.go and kube-openapi's handler3. Next: document.ts.
import { createHash } from 'node:crypto';
import type { Aggregator } from '../aggregator/aggregator.ts';
import { groupsOf, rowsOf } from '../discovery/groups.ts';
import { PageNotFound, type Registry } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { documentParts, type SchemaTexts, schemaTexts } from './document.ts';

/**
 * Hashes stay, since every kubectl asks for the index; of the documents only the last one does. Clients keep a document by its
 * hash, and making one anew takes milliseconds.
 */
let made: { generation: number; hashes: Map<string, string>; last?: { name: string; body: string } } | undefined;

/** /openapi/v3 and /openapi/v3/<group version path>. */
export function openapiV3(registry: Registry, req: ApiRequest, aggregator?: Aggregator): Answer {
  const name = req.path.slice('/openapi/v3'.length).replace(/^\//, '');
  if (!name) return index(registry, aggregator);
  const hash = hashOf(registry, name);
  if (!hash) throw new PageNotFound();
  const wanted = req.query.get('hash');
  if (wanted && wanted !== hash) {
    return { code: 301, type: 'text/plain', body: '', headers: { location: `/openapi/v3/${name}?hash=${hash}` } };
  }
  const caching: Record<string, string> = wanted
    ? { 'cache-control': 'public, immutable', expires: new Date(Date.now() + 365 * 86_400_000).toUTCString() }
    : {};
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...caching };
  if (req.headers['if-none-match'] === `"${hash}"`) return { code: 304, type: 'application/json', body: '', headers };
  return { code: 200, type: 'application/json', body: document(registry, name), headers };
}

function index(registry: Registry, aggregator?: Aggregator): Answer {
  const paths: Record<string, object> = {};
  const texts = schemaTexts();
  for (const group of groupsOf(registry)) {
    for (const v of group.versions) {
      const name = group.name ? `apis/${group.name}/${v}` : `api/${v}`;
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hashOf(registry, name, texts)}` };
    }
  }
  Object.assign(paths, aggregator?.openapi.v3());
  return { code: 200, type: 'application/json', body: JSON.stringify({ paths }) };
}

function madeOf({ generation }: Registry) {
  if (made?.generation !== generation) made = { generation, hashes: new Map() };
  return made;
}

function hashOf(registry: Registry, name: string, texts?: SchemaTexts): string | undefined {
  const { hashes } = madeOf(registry);
  if (!hashes.has(name)) {
    const parts = partsOf(registry, name, texts);
    if (!parts) return undefined;
    const hash = createHash('sha512');
    for (const part of parts) hash.update(part);
    hashes.set(name, hash.digest('hex').toUpperCase());
  }
  return hashes.get(name);
}

function document(registry: Registry, name: string): string {
  const current = madeOf(registry);
  if (current.last?.name !== name) current.last = { name, body: partsOf(registry, name)!.join('') };
  return current.last.body;
}

/** Undefined when nothing of that group version is served. */
function partsOf(registry: Registry, name: string, texts?: SchemaTexts): string[] | undefined {
  const parts = name.split('/');
  const core = parts[0] === 'api';
  const rows = core ? rowsOf(registry, '', parts[1] ?? '') : rowsOf(registry, parts[1] ?? '', parts[2] ?? '');
  if (!rows.length || parts.length !== (core ? 2 : 3)) return undefined;
  return documentParts(rows, texts ?? schemaTexts());
}
