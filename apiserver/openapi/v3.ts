// OpenAPI v3: an index and one document a group version, made from the live registry on demand.
// Reads: registry, definitions.ts, descriptions.ts. Mirrors: apiserver/pkg/server/routes/openapi.go and kube-openapi's handler3.
import { createHash } from 'node:crypto';
import type { OpenAPISchema } from '../../apimachinery/schema.ts';
import { groupsOf, rowsOf } from '../discovery/groups.ts';
import { PageNotFound, type Registry, type Served } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { version } from '../version.ts';
import { definition } from './definitions.ts';
import { describe, descriptionReader } from './descriptions.ts';
import { pathsOf } from './paths.ts';

interface Document {
  body: string;
  hash: string;
}

let made: { generation: number; documents: Map<string, Document> } | undefined;

/** /openapi/v3 and /openapi/v3/<group version path>. */
export function openapiV3(registry: Registry, req: ApiRequest): Answer {
  const name = req.path.slice('/openapi/v3'.length).replace(/^\//, '');
  if (!name) return index(registry);
  const found = document(registry, name);
  if (!found) throw new PageNotFound();
  const wanted = req.query.get('hash');
  if (wanted && wanted !== found.hash) {
    return { code: 301, type: 'text/plain', body: '', headers: { location: `/openapi/v3/${name}?hash=${found.hash}` } };
  }
  const caching: Record<string, string> = wanted
    ? { 'cache-control': 'public, immutable', expires: new Date(Date.now() + 365 * 86_400_000).toUTCString() }
    : {};
  const headers = { etag: `"${found.hash}"`, vary: 'Accept', ...caching };
  if (req.headers['if-none-match'] === `"${found.hash}"`)
    return { code: 304, type: 'application/json', body: '', headers };
  return { code: 200, type: 'application/json', body: found.body, headers };
}

function index(registry: Registry): Answer {
  const paths: Record<string, object> = {};
  for (const group of groupsOf(registry)) {
    for (const v of group.versions) {
      const name = group.name ? `apis/${group.name}/${v}` : `api/${v}`;
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${document(registry, name)!.hash}` };
    }
  }
  return { code: 200, type: 'application/json', body: JSON.stringify({ paths }) };
}

function document(registry: Registry, name: string): Document | undefined {
  if (made?.generation !== registry.generation) made = { generation: registry.generation, documents: new Map() };
  let found = made.documents.get(name);
  if (!found) {
    const parts = name.split('/');
    const rows =
      parts[0] === 'api' ? rowsOf(registry, '', parts[1] ?? '') : rowsOf(registry, parts[1] ?? '', parts[2] ?? '');
    if (!rows.length || parts.length !== (parts[0] === 'api' ? 2 : 3)) return undefined;
    const body = JSON.stringify(build(rows));
    found = { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() };
    made.documents.set(name, found);
  }
  return found;
}

function build(rows: Served[]): object {
  const schemas: Record<string, OpenAPISchema> = {};
  const textsOf = descriptionReader();
  const add = (name: string) => collect(name, schemas, textsOf);
  for (const { kind } of rows) {
    add(kind.schema);
    add(`${kind.schema}List`);
    for (const sub of kind.subresources ?? []) if (sub.body) add(sub.body.schema);
  }
  for (const name of ['DeleteOptions', 'Status', 'WatchEvent', 'Patch'])
    add(`io.k8s.apimachinery.pkg.apis.meta.v1.${name}`);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: version.gitVersion },
    paths: Object.assign({}, ...rows.map(pathsOf)),
    components: {
      schemas,
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          name: 'authorization',
          in: 'header',
          description: 'Bearer Token authentication',
        },
      },
    },
  };
}

/** Adds a definition and all that it refers to, with their texts. */
function collect(
  name: string,
  into: Record<string, OpenAPISchema>,
  textsOf: ReturnType<typeof descriptionReader>,
): void {
  if (into[name]) return;
  const found = definition(name);
  if (!found) return;
  const copy =
    special[name] ??
    (JSON.parse(JSON.stringify(found).replaceAll('#/definitions/', '#/components/schemas/')) as OpenAPISchema);
  into[name] = describe(copy, textsOf(name, found));
  for (const [, ref] of JSON.stringify(copy).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    collect(ref!, into, textsOf);
}

/** What version 3 can say better than version 2. */
const special: Record<string, OpenAPISchema> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
};
