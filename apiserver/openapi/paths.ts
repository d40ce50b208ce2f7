// The operations of one kind as OpenAPI version 2 has them; version 3 is made from the same (toV3.ts).
// Reads: a served row. Mirrors: apiserver/pkg/endpoints/installer.go, apiextensions' openapi/builder for custom resources, and kube-openapi's
// builder, which lifts what all operations of a path share. Called by documents.ts. Beside it: parameters.ts, discoveryPaths.ts.
import { allVerbs, type Subresource, type Verb } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import {
  bodyOf,
  connecting,
  deleting,
  listing,
  nameOf,
  type Parameter,
  type ParameterRef,
  patching,
  resolved,
  selecting,
  shared,
  writing,
} from './parameters.ts';

type Parameters = (Parameter | ParameterRef)[];
export interface Operation {
  description: string;
  consumes: readonly string[];
  produces: readonly string[];
  operationId: string;
  parameters?: Parameters;
  responses: Record<string, { description: string; schema?: object }>;
  schemes: string[];
  tags: string[];
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string };
}
/** By method, and the parameters of all of them. */
export type PathItem = Record<string, Operation | Parameters>;

const json = ['application/json', 'application/yaml'] as const;
const types = [...json, 'application/vnd.kubernetes.protobuf'] as const;
const streams = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'] as const;
const merges = ['application/json-patch+json', 'application/merge-patch+json'] as const;
const strategic = 'application/strategic-merge-patch+json';
const apply = 'application/apply-patch+yaml';

const meta = (name: string) => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`;
const pretty = shared('pretty-tJGM1-ng');
const namespace = shared('namespace-vgWSWtn3');
const title = (s: string) => s[0]!.toUpperCase() + s.slice(1);

export const listDefinition = ({ kind }: Served): string =>
  kind.schema.replace(/[^.]+$/, kind.listKind ?? `${kind.kind}List`);

/** `rbac.authorization.k8s.io` → `RbacAuthorization`; the legacy group is `Core`. */
export const groupInId = (group: string): string =>
  group
    ? group
        .replace(/\.k8s\.io$/, '')
        .split(/[.-]/)
        .map(title)
        .join('')
    : 'Core';
export const tagOf = (group: string, version?: string): string => {
  const name = groupInId(group);
  return `${name[0]!.toLowerCase()}${name.slice(1)}${version ? `_${version}` : ''}`;
};
export const basePath = (group: string, version: string): string =>
  group ? `/apis/${group}/${version}` : `/api/${version}`;

interface Said {
  action: string;
  id: string;
  what: string;
  /** The definition that is answered; absent: text. */
  answer?: string;
  codes?: readonly number[];
  consumes?: readonly string[];
  produces?: readonly string[];
  parameters?: Parameters;
  kind?: { group: string; version: string; kind: string };
}

/** Writes the operations of one row. */
class Writer {
  readonly served: Served;
  /** `CoreV1`, as ids begin. */
  readonly #version: string;
  readonly #scope: string;

  constructor(served: Served) {
    this.served = served;
    const { group, version, namespaced } = served.kind;
    this.#version = `${groupInId(group)}${title(version)}`;
    this.#scope = namespaced ? 'Namespaced' : '';
  }

  id(verb: string, behind = ''): string {
    return `${verb}${this.#version}${this.#scope}${this.served.kind.kind}${behind}`;
  }
  anywhereId(verb: string, behind: string): string {
    return `${verb}${this.#version}${this.served.kind.kind}${behind}`;
  }
  connectId(method: string, behind: string): string {
    return `connect${this.#version}${title(method)}${this.#scope}${this.served.kind.kind}${behind}`;
  }
  collectionId(verb: string): string {
    return `${verb}${this.#version}Collection${this.#scope}${this.served.kind.kind}`;
  }

  operation(said: Said): Operation {
    const { kind, bareItems } = this.served;
    const { group, version, kind: name } = said.kind ?? kind;
    const schema = said.answer ? { $ref: `#/definitions/${said.answer}` } : { type: 'string' };
    const responses: Operation['responses'] = {};
    for (const code of said.codes ?? [200]) responses[code] = { description: texts[code]!, schema };
    responses[401] = { description: 'Unauthorized' };
    return {
      description: said.what,
      consumes: said.consumes ?? (bareItems ? ['*/*'] : json),
      produces: said.produces ?? (bareItems ? types : json),
      operationId: said.id,
      ...(said.parameters?.length ? { parameters: said.parameters } : {}),
      responses,
      schemes: ['https'],
      tags: [tagOf(kind.group, kind.version)],
      'x-kubernetes-action': said.action,
      'x-kubernetes-group-version-kind': { group, version, kind: name },
    };
  }
}

const texts: Record<number, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** The paths of a row and its subresources. */
export function pathsOf(served: Served): Record<string, PathItem> {
  const { kind } = served;
  const w = new Writer(served);
  const verbs = kind.verbs ?? allVerbs;
  const base = basePath(kind.group, kind.version);
  const all = `${base}/${kind.plural}`;
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.plural}` : all;
  const item = `${collection}/{name}`;
  const scope = kind.namespaced ? namespace : [];
  const named = [nameOf(kind.kind), ...scope];
  const paths: Record<string, PathItem> = {};
  const add = (path: string, operations: Record<string, Operation | undefined>, parameters: Parameters) => {
    const item = lifted(operations, parameters);
    if (item) paths[path] = item;
  };
  if (kind.namespaced && verbs.includes('list')) add(all, { get: listOperation(w, true) }, pretty);
  add(collection, collectionOperations(w, verbs), [...scope, ...pretty]);
  add(item, itemOperations(w, verbs), [...named, ...pretty]);
  for (const sub of kind.subresources ?? []) {
    if (!sub.connect) add(`${item}/${sub.name}`, subOperations(w, sub), [...named, ...pretty]);
    else if (!sub.options) add(`${item}/${sub.name}`, { get: logOperation(w, sub) }, named);
    else {
      add(`${item}/${sub.name}`, connectOperations(w, sub, ''), named);
      if (sub.passesPath)
        add(`${item}/${sub.name}/{path}`, connectOperations(w, sub, 'WithPath'), [
          ...named,
          ...shared('path-z6Ciiujn'),
        ]);
    }
  }
  if (served.bareItems && verbs.includes('watch')) addWatches(add, w, verbs);
  return paths;
}

function addWatches(
  add: (path: string, operations: Record<string, Operation>, parameters: Parameters) => void,
  w: Writer,
  verbs: readonly Verb[],
): void {
  const { kind } = w.served;
  const base = `${basePath(kind.group, kind.version)}/watch`;
  const scope = kind.namespaced ? namespace : [];
  const watch = (action: string, id: string, what: string): Operation =>
    w.operation({
      action,
      id,
      what,
      answer: meta('WatchEvent'),
      produces: [...types, ...streams],
      parameters: listing,
    });
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.plural}` : `${base}/${kind.plural}`;
  const old = 'Old form of a list with `watch=1`.';
  if (kind.namespaced)
    add(
      `${base}/${kind.plural}`,
      { get: watch('watchlist', w.anywhereId('watch', 'ListForAllNamespaces'), old) },
      pretty,
    );
  add(collection, { get: watch('watchlist', w.id('watch', 'List'), old) }, [...scope, ...pretty]);
  if (verbs.includes('get'))
    add(
      `${collection}/{name}`,
      { get: watch('watch', w.id('watch'), `${old} Of the one ${kind.kind} with that name.`) },
      [nameOf(kind.kind), ...scope, ...pretty],
    );
}

/** What all operations share stands beside them, as upstream writes it; undefined when there is no operation. */
function lifted(operations: Record<string, Operation | undefined>, parameters: Parameters): PathItem | undefined {
  const present = Object.entries(operations).filter((entry): entry is [string, Operation] => entry[1] !== undefined);
  if (!present.length) return undefined;
  const key = (p: Parameter | ParameterRef) => ('$ref' in p ? p.$ref : p.in === 'body' ? '' : p.name);
  const common = (present[0]![1].parameters ?? []).filter(
    (p) => resolved(p).in !== 'body' && present.every(([, o]) => o.parameters?.some((q) => key(q) === key(p))),
  );
  const out: PathItem = {};
  for (const [method, { parameters: own, ...operation }] of present) {
    const rest = own?.filter((p) => !common.some((c) => key(c) === key(p)));
    out[method] = rest?.length ? { ...operation, parameters: byName(rest) } : operation;
  }
  out['parameters'] = byName([...parameters, ...common]);
  return out;
}

const byName = (parameters: Parameters): Parameters =>
  parameters.toSorted((a, b) => {
    const [x, y] = [resolved(a), resolved(b)];
    return x.name === y.name ? (x.in < y.in ? -1 : 1) : x.name < y.name ? -1 : 1;
  });

function listOperation(w: Writer, everywhere = false): Operation {
  const { kind, bareItems } = w.served;
  return w.operation({
    action: 'list',
    id: everywhere ? w.anywhereId('list', 'ForAllNamespaces') : w.id('list'),
    what: `Lists ${kind.kind} objects, or watches them.`,
    answer: listDefinition(w.served),
    produces: bareItems ? [...types, ...streams] : undefined,
    parameters: listing,
  });
}

function collectionOperations(w: Writer, verbs: readonly Verb[]): Record<string, Operation | undefined> {
  const { kind } = w.served;
  return {
    delete: verbs.includes('deletecollection')
      ? w.operation({
          action: 'deletecollection',
          id: w.collectionId('delete'),
          what: `Deletes all ${kind.kind} objects that are selected.`,
          answer: meta('Status'),
          parameters: [...selecting, ...deleting],
        })
      : undefined,
    get: verbs.includes('list') ? listOperation(w) : undefined,
    post: verbs.includes('create') ? writeOperation(w, 'post', w.id('create'), `Creates a ${kind.kind}.`) : undefined,
  };
}

function itemOperations(w: Writer, verbs: readonly Verb[]): Record<string, Operation | undefined> {
  const { kind } = w.served;
  const { schema: answer } = kind;
  return {
    delete: verbs.includes('delete')
      ? w.operation({
          action: 'delete',
          id: w.id('delete'),
          what: `Deletes a ${kind.kind}.`,
          answer: kind.deleteReturnsObject ? answer : meta('Status'),
          codes: [200, 202],
          parameters: deleting,
        })
      : undefined,
    get: verbs.includes('get')
      ? w.operation({
          action: 'get',
          id: w.id('read'),
          what: `Reads a ${kind.kind}.`,
          answer,
          parameters: w.served.bareItems ? undefined : shared('resourceVersion-5WAnf1kx'),
        })
      : undefined,
    patch: verbs.includes('patch') ? patchOperation(w, w.id('patch'), `Changes a part of a ${kind.kind}.`) : undefined,
    put: verbs.includes('update') ? writeOperation(w, 'put', w.id('replace'), `Replaces a ${kind.kind}.`) : undefined,
  };
}

function writeOperation(
  w: Writer,
  method: 'post' | 'put',
  id: string,
  what: string,
  body?: Subresource['body'],
): Operation {
  const answer = body?.schema ?? w.served.kind.schema;
  return w.operation({
    action: method,
    id,
    what,
    answer,
    codes: method === 'post' ? [200, 201, 202] : [200, 201],
    parameters: [bodyOf(answer), ...writing],
    kind: body,
  });
}

function patchOperation(w: Writer, id: string, what: string, body?: Subresource['body']): Operation {
  return w.operation({
    action: 'patch',
    id,
    what,
    answer: body?.schema ?? w.served.kind.schema,
    codes: w.served.bareItems ? [200, 201] : [200],
    consumes: w.served.bareItems ? [...merges, strategic, apply] : [...merges, apply],
    parameters: patching,
    kind: body,
  });
}

function subOperations(w: Writer, sub: Subresource): Record<string, Operation | undefined> {
  const { kind } = w.served;
  const name = title(sub.name);
  const of = `the ${sub.name} of a ${kind.kind}`;
  const has = (verb: Subresource['verbs'][number]) => sub.verbs.includes(verb);
  const answer = sub.body?.schema ?? kind.schema;
  return {
    get: has('get')
      ? w.operation({
          action: 'get',
          id: w.id('read', name),
          what: `Reads ${of}.`,
          answer,
          parameters: w.served.bareItems ? undefined : shared('resourceVersion-5WAnf1kx'),
          kind: sub.body,
        })
      : undefined,
    patch: has('patch') ? patchOperation(w, w.id('patch', name), `Changes a part of ${of}.`, sub.body) : undefined,
    post: has('create') ? writeOperation(w, 'post', w.id('create', name), `Creates ${of}.`, sub.body) : undefined,
    put: has('update') ? writeOperation(w, 'put', w.id('replace', name), `Replaces ${of}.`, sub.body) : undefined,
  };
}

const logOperation = (w: Writer, sub: Subresource): Operation =>
  w.operation({
    action: 'get',
    id: w.id('read', title(sub.name)),
    what: `Reads the ${sub.name} of a ${w.served.kind.kind}.`,
    produces: ['text/plain', ...types],
    parameters: connecting[sub.name],
  });

const methods = { get: 'get', create: 'post', update: 'put', patch: 'patch', delete: 'delete' } as const;

function connectOperations(w: Writer, sub: Subresource, behind: string): Record<string, Operation> {
  const { kind } = w.served;
  const asked: string[] = sub.verbs.map((verb) => methods[verb]);
  if (sub.passesPath) asked.push('head', 'options');
  const operation = (method: string) =>
    w.operation({
      action: 'connect',
      id: w.connectId(method, `${title(sub.name)}${behind}`),
      what: `${method.toUpperCase()} requests are passed on to the ${sub.name} of a ${kind.kind}.`,
      consumes: ['*/*'],
      produces: ['*/*'],
      parameters: connecting[sub.options!],
      kind: { group: kind.group, version: kind.version, kind: sub.options! },
    });
  return Object.fromEntries(asked.sort().map((method) => [method, operation(method)]));
}
