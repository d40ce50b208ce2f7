// OpenAPI version 3: an index, and one document a group version, made from the live registry on demand.
// Reads: registry, the indexes of extension servers. Mirrors: kube-openapi's handler3 and kube-aggregator's openapiv3/aggregator.
// Next: document.ts (schemas), paths.ts and toV3.ts (operations).
import type { Aggregator } from '../aggregator/aggregator.ts';
import { groupsOf, rowsOf } from '../discovery/groups.ts';
import { PageNotFound, type Registry, type Served } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { version } from '../version.ts';
import { discoveryPaths, resourcesPath } from './discoveryPaths.ts';
import { collect, type Definitions, describedDefinitions } from './document.ts';
import { gnosticMessage } from './gnostic.ts';
import { pathsOf } from './paths.ts';
import { answerDocument, breathe, formatFor, hashOf, notAcceptable, typeOf } from './serve.ts';
import { itemToV3 } from './toV3.ts';

/**
 * Hashes stay, each as long as its rows do, since every kubectl asks for the index; of the documents only the last one does. Clients keep
 * a document by its hash, and making one anew takes milliseconds.
 */
interface Known {
  hashes: Map<string, { rows: Served[]; hash: string }>;
  last?: { name: string; hash: string; body: string };
}
const known = new WeakMap<Registry, Known>();

function knownOf(registry: Registry): Known {
  const found = known.get(registry) ?? { hashes: new Map() };
  known.set(registry, found);
  return found;
}

/** /openapi/v3 and /openapi/v3/<group version path>. */
export async function openapiV3(registry: Registry, req: ApiRequest, aggregator?: Aggregator): Promise<Answer> {
  const name = req.path.slice('/openapi/v3'.length).replace(/^\//, '');
  if (!name) return index(registry, aggregator);
  const format = formatFor(req, 'v3');
  if (!format) return notAcceptable;
  const source = sourceOf(registry, name);
  if (!source) throw new PageNotFound();
  const hash = hashFor(registry, name, source);
  const wanted = req.query.get('hash');
  if (wanted !== null && wanted !== hash) return movedTo(`/openapi/v3/${name}?hash=${hash}`);
  const caching: Record<string, string> = wanted
    ? { 'cache-control': 'public, immutable', expires: new Date(Date.now() + 365 * 86_400_000).toUTCString() }
    : {};
  const body = documentFor(registry, name, source, hash);
  if (format === 'json') return answerDocument(req, typeOf(format, 'v3'), body, hash, caching);
  return answerDocument(req, typeOf(format, 'v3'), gnosticMessage('v3', 'Document', JSON.parse(body)), hash, caching);
}

const movedTo = (location: string): Answer => ({
  code: 301,
  type: 'text/html; charset=utf-8',
  body: `<a href="${location.replaceAll('&', '&amp;')}">Moved Permanently</a>.\n\n`,
  headers: { location },
});

/** Making all hashes takes a moment the first time, so others get their turn between. */
async function index(registry: Registry, aggregator?: Aggregator): Promise<Answer> {
  const paths: Record<string, object> = {};
  const definitions = describedDefinitions('v3');
  for (const name of namesOf(registry)) {
    const source = sourceOf(registry, name);
    if (!source) continue;
    if (!isFresh(registry, name, source)) await breathe();
    paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hashFor(registry, name, source, definitions)}` };
  }
  Object.assign(paths, aggregator?.openapi.v3());
  const sorted = Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { code: 200, type: 'application/json', body: JSON.stringify({ paths: sorted }) };
}

function namesOf(registry: Registry): string[] {
  const groups = groupsOf(registry);
  const versions = groups.flatMap((g) => g.versions.map((v) => (g.name ? `apis/${g.name}/${v}` : `api/${v}`)));
  return [...Object.keys(discoveryPaths(groups)), ...versions];
}

/** What a document is made of. */
interface Source {
  rows: Served[];
  /** Of documents that are no group version's. */
  paths?: ReturnType<typeof resourcesPath>;
  group: string;
  version: string;
}

/** Undefined when nothing of that name is served. */
function sourceOf(registry: Registry, name: string): Source | undefined {
  const parts = name.split('/');
  const core = parts[0] === 'api';
  const [group, v] = core ? ['', parts[1] ?? ''] : [parts[1] ?? '', parts[2] ?? ''];
  const rows = ['api', 'apis'].includes(parts[0]!) && parts.length === (core ? 2 : 3) ? rowsOf(registry, group, v) : [];
  if (rows.length) return { rows, group, version: v };
  const paths = discoveryPaths(groupsOf(registry))[name];
  return paths && { rows, paths, group: '', version: '' };
}

function isFresh(registry: Registry, name: string, { rows }: Source): boolean {
  const found = knownOf(registry).hashes.get(name);
  return found !== undefined && found.rows.length === rows.length && found.rows.every((row, i) => row === rows[i]);
}

function hashFor(registry: Registry, name: string, source: Source, definitions?: Definitions): string {
  const { hashes } = knownOf(registry);
  if (!isFresh(registry, name, source)) {
    const hash = hashOf(documentParts(source, definitions ?? describedDefinitions('v3')));
    hashes.set(name, { rows: source.rows, hash });
  }
  return hashes.get(name)!.hash;
}

function documentFor(registry: Registry, name: string, source: Source, hash: string): string {
  const k = knownOf(registry);
  if (k.last?.name !== name || k.last.hash !== hash)
    k.last = { name, hash, body: documentParts(source, describedDefinitions('v3')).join('') };
  return k.last.body;
}

const security =
  '"securitySchemes":{"BearerToken":{"type":"apiKey","name":"authorization","in":"header","description":"Bearer Token authentication"}}';

/** A document in parts: a hash needs no more. */
function documentParts(source: Source, definitions: Definitions): string[] {
  const items = source.paths ?? Object.assign(resourcesPath(source.group, source.version), ...source.rows.map(pathsOf));
  const paths = Object.fromEntries(Object.entries(items).map(([path, item]) => [path, itemToV3(item as never)]));
  const text = inV3(JSON.stringify(paths));
  const roots = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
  const schemas = collect(source.rows, roots, definitions, 'v3');
  const info = JSON.stringify({ title: 'Kubernetes', version: version.gitVersion });
  const all = [...schemas].flatMap(([name, schema], i) => [`${i ? ',' : ''}"${name}":`, inV3(JSON.stringify(schema))]);
  const head = `{"openapi":"3.0.0","info":${info},"paths":`;
  return [head, text, ',"components":{"schemas":{', ...all, `},${security}}}`];
}

const inV3 = (text: string) => text.replaceAll('"#/definitions/', '"#/components/schemas/');
