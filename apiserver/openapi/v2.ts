// OpenAPI version 2: one document of everything that is served, as JSON and as protobuf with the same content, made on demand.
// Reads: registry, the documents of extension servers. Mirrors: kube-openapi's handler and kube-aggregator's openapi/aggregator.
// The built-in kinds' part is made once and kept; what CustomResourceDefinitions and extension servers add is put in between.
import type { OpenAPISchema } from '../../apimachinery/schema.ts';
import type { Aggregator } from '../aggregator/aggregator.ts';
import { additionsTo } from '../aggregator/mergeSwagger.ts';
import { groupsOf } from '../discovery/groups.ts';
import type { Registry, Served } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { version } from '../version.ts';
import { discoveryPaths, resourcesPath } from './discoveryPaths.ts';
import { collect, describedDefinitions } from './document.ts';
import { gnosticField, gnosticMessage } from './gnostic.ts';
import { sharedParameters } from './parameters.ts';
import { type PathItem, pathsOf } from './paths.ts';
import { answerDocument, breathe, type Format, formatFor, hashOf, notAcceptable, typeOf } from './serve.ts';

/** Paths and definitions, written out: members of a JSON object, or fields of a message. */
interface Part {
  paths: Buffer;
  definitions: Buffer;
  /** Of the definitions. */
  names: string[];
}
interface Made {
  body: Buffer;
  hash: string;
}
interface Known {
  /** The built-in rows that `builtin` is of. */
  rows: Served[];
  builtin: Partial<Record<Format, Promise<Part>>>;
  state: string;
  made: Partial<Record<Format, Promise<Made>>>;
}

const known = new WeakMap<Registry, Known>();

/** /openapi/v2. */
export async function openapiV2(req: ApiRequest, registry: Registry, aggregator?: Aggregator): Promise<Answer> {
  const format = formatFor(req, 'v2');
  if (!format) return notAcceptable;
  const { body, hash } = await current(registry, aggregator, format);
  return answerDocument(req, typeOf(format, 'v2'), body, hash);
}

function current(registry: Registry, aggregator: Aggregator | undefined, format: Format): Promise<Made> {
  const state = `${registry.generation}/${aggregator?.openapi.generation ?? 0}`;
  const k = known.get(registry) ?? { rows: [], builtin: {}, state, made: {} };
  known.set(registry, k);
  if (k.state !== state) Object.assign(k, { state, made: {} });
  k.made[format] ??= make(k, registry, aggregator, format);
  return k.made[format];
}

async function make(k: Known, registry: Registry, aggregator: Aggregator | undefined, format: Format): Promise<Made> {
  const all = registry.all();
  const rows = all.filter((r) => !r.kind.custom);
  if (rows.length !== k.rows.length || rows.some((r, i) => r !== k.rows[i])) Object.assign(k, { rows, builtin: {} });
  k.builtin[format] ??= builtinPart(rows, format);
  const own = [await k.builtin[format], await customPart(all, rows, format)];
  const there = new Set(own.flatMap((part) => part.names));
  const body = whole([...own, extensionPart(aggregator, there, format)], format);
  return { body, hash: hashOf([body]) };
}

const written = {
  json: {
    path: (path: string, item: unknown) => Buffer.from(`,${JSON.stringify(path)}:${JSON.stringify(item)}`),
    definition: (name: string, schema: unknown) => Buffer.from(`,${JSON.stringify(name)}:${JSON.stringify(schema)}`),
  },
  protobuf: {
    path: (name: string, value: unknown) => gnosticField(2, gnosticMessage('v2', 'NamedPathItem', { name, value })),
    definition: (name: string, value: unknown) => gnosticField(1, gnosticMessage('v2', 'NamedSchema', { name, value })),
  },
};

async function builtinPart(rows: readonly Served[], format: Format): Promise<Part> {
  const definitions = describedDefinitions('v2');
  const paths: Buffer[] = [];
  const add = (items: Record<string, PathItem>) => {
    for (const [path, item] of Object.entries(items)) paths.push(written[format].path(path, item));
  };
  const groups = groupsOf({ all: () => [...rows] } as Registry);
  for (const items of Object.values(discoveryPaths(groups))) add(items);
  for (const { name, versions } of groups) for (const v of versions) add(resourcesPath(name, v));
  const schemas = new Map<string, OpenAPISchema>();
  for (const row of rows) {
    add(pathsOf(row));
    collect([row], [], definitions, 'v2', schemas);
    await breathe();
  }
  collect([], roots, definitions, 'v2', schemas);
  const texts: Buffer[] = [];
  for (const name of [...schemas.keys()].sort()) {
    texts.push(written[format].definition(name, schemas.get(name)!));
    if (texts.length % 50 === 0) await breathe();
  }
  return { paths: Buffer.concat(paths), definitions: Buffer.concat(texts), names: [...schemas.keys()] };
}

const roots = [
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions',
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList',
  'io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup',
  'io.k8s.apimachinery.pkg.version.Info',
];

async function customPart(all: readonly Served[], builtin: readonly Served[], format: Format): Promise<Part> {
  const there = new Set(builtin.map((r) => `${r.kind.group}/${r.kind.version}`));
  const groups = new Set(builtin.map((r) => r.kind.group));
  const definitions = describedDefinitions('v2');
  const paths: Buffer[] = [];
  const texts: Buffer[] = [];
  const names: string[] = [];
  const add = (items: Record<string, PathItem>) => {
    for (const [path, item] of Object.entries(items)) paths.push(written[format].path(path, item));
  };
  for (const row of all.filter((r) => r.kind.custom)) {
    const { group, version: v } = row.kind;
    if (!groups.has(group)) add(discoveryPaths([{ name: group, versions: [v] }])[`apis/${group}`]!);
    if (!there.has(`${group}/${v}`)) add(resourcesPath(group, v));
    groups.add(group);
    there.add(`${group}/${v}`);
    add(pathsOf(row));
    // Of what they refer to, only the custom resources' own definitions are not there yet.
    for (const [name, schema] of collect([row], [], definitions, 'v2'))
      if (!name.startsWith('io.k8s.')) {
        names.push(name);
        texts.push(written[format].definition(name, schema));
      }
    await breathe();
  }
  return { paths: Buffer.concat(paths), definitions: Buffer.concat(texts), names };
}

/** What extension servers' documents add to the definitions that are `there`. */
function extensionPart(aggregator: Aggregator | undefined, there: ReadonlySet<string>, format: Format): Part {
  const definitions = describedDefinitions('v2');
  const own = (name: string) => (there.has(name) ? (definitions(name)?.schema ?? {}) : undefined);
  const added = additionsTo(own, aggregator?.openapi.v2() ?? []);
  const paths = Object.entries(added.paths).map(([path, item]) => written[format].path(path, item));
  const texts = Object.entries(added.definitions).map(([name, schema]) => written[format].definition(name, schema));
  return { paths: Buffer.concat(paths), definitions: Buffer.concat(texts), names: [] };
}

const info = () => ({ title: 'Kubernetes', version: version.gitVersion });
const securityDefinitions = {
  BearerToken: { description: 'Bearer Token authentication', in: 'header', name: 'authorization', type: 'apiKey' },
};
const security = [{ BearerToken: [] }];

function whole(parts: readonly Part[], format: Format): Buffer {
  const paths = Buffer.concat(parts.map((p) => p.paths));
  const definitions = Buffer.concat(parts.map((p) => p.definitions));
  if (format === 'json') {
    const rest = JSON.stringify({ parameters: sharedParameters, security, securityDefinitions }).slice(1);
    return Buffer.concat([
      Buffer.from(`{"swagger":"2.0","info":${JSON.stringify(info())},"paths":{`),
      paths.subarray(1),
      Buffer.from('},"definitions":{'),
      definitions.subarray(1),
      Buffer.from(`},${rest}`),
    ]);
  }
  // Document: swagger and info come before paths = 8 and definitions = 9, parameters and security behind.
  return Buffer.concat([
    gnosticMessage('v2', 'Document', { swagger: '2.0', info: info() }),
    gnosticField(8, paths),
    gnosticField(9, definitions),
    gnosticMessage('v2', 'Document', { parameters: sharedParameters, security, securityDefinitions }),
  ]);
}
