// The operations of one kind as OpenAPI v3 path items: what kubectl reads to find kinds and to learn of fieldValidation.
// Reads: a served row. Called by v3.ts.
import { allVerbs, type Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';

const query = (name: string, type: string) => ({ name, in: 'query', schema: { type, uniqueItems: true } });
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string', uniqueItems: true } });
const pretty = query('pretty', 'string');
const writing = [query('dryRun', 'string'), query('fieldManager', 'string'), query('fieldValidation', 'string')];
const listing = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue', 'string'),
  query('fieldSelector', 'string'),
  query('labelSelector', 'string'),
  query('limit', 'integer'),
  query('resourceVersion', 'string'),
  query('resourceVersionMatch', 'string'),
  query('sendInitialEvents', 'boolean'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
];
const deleting = [
  query('dryRun', 'string'),
  query('gracePeriodSeconds', 'integer'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy', 'string'),
];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const types = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const meta = (name: string) => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`;
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const content = (name: string, media: readonly string[]) =>
  Object.fromEntries(media.map((m) => [m, { schema: ref(name) }]));

interface Operation {
  action: string;
  id: string;
  answer: string;
  parameters?: object[];
  body?: { schema: string; media?: readonly string[]; optional?: boolean };
  kind?: { group: string; version: string; kind: string };
}

export function pathsOf(served: Served): Record<string, object> {
  const { kind } = served;
  const base = `${kind.group ? `/apis/${kind.group}` : '/api'}/${kind.version}`;
  const all = `${base}/${kind.plural}`;
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.plural}` : all;
  const item = `${collection}/{name}`;
  const scope = kind.namespaced ? [inPath('namespace'), pretty] : [pretty];
  const paths: Record<string, object> = { [collection]: { ...collectionOperations(served), parameters: scope } };
  if (served.home.prefix) {
    paths[item] = { ...itemOperations(served), parameters: [inPath('name'), ...scope] };
    if (kind.namespaced)
      paths[all] = {
        get: operation(served, {
          action: 'list',
          id: `list${idOf(served)}ForAllNamespaces`,
          answer: `${kind.schema}List`,
        }),
        parameters: [...listing, pretty],
      };
  }
  for (const sub of kind.subresources ?? [])
    paths[`${item}/${sub.name}`] = { ...subOperations(served, sub), parameters: [inPath('name'), ...scope] };
  return paths;
}

function collectionOperations(served: Served): Record<string, object> {
  const { kind } = served;
  const verbs = kind.verbs ?? allVerbs;
  const out: Record<string, object> = {};
  const id = idOf(served);
  if (verbs.includes('list'))
    out['get'] = operation(served, {
      action: 'list',
      id: `list${id}`,
      answer: `${kind.schema}List`,
      parameters: listing,
    });
  if (verbs.includes('create'))
    out['post'] = operation(served, {
      action: 'post',
      id: `create${id}`,
      answer: kind.schema,
      parameters: writing,
      body: { schema: kind.schema },
    });
  if (verbs.includes('deletecollection')) {
    const parameters = [...listing.filter((p) => !/watch|Bookmarks/.test(p.name)), ...deleting];
    out['delete'] = operation(served, {
      action: 'deletecollection',
      id: `deleteCollection${id}`,
      answer: meta('Status'),
      parameters,
      body: { schema: meta('DeleteOptions'), optional: true },
    });
  }
  return out;
}

function itemOperations(served: Served): Record<string, object> {
  const { kind } = served;
  const verbs = kind.verbs ?? allVerbs;
  const id = idOf(served);
  const out: Record<string, object> = {};
  if (verbs.includes('get')) out['get'] = operation(served, { action: 'get', id: `read${id}`, answer: kind.schema });
  if (verbs.includes('update'))
    out['put'] = operation(served, {
      action: 'put',
      id: `replace${id}`,
      answer: kind.schema,
      parameters: writing,
      body: { schema: kind.schema },
    });
  if (verbs.includes('patch')) out['patch'] = patchOperation(served, `patch${id}`, kind.schema);
  if (verbs.includes('delete')) {
    out['delete'] = operation(served, {
      action: 'delete',
      id: `delete${id}`,
      answer: kind.deleteReturnsObject ? kind.schema : meta('Status'),
      parameters: deleting,
      body: { schema: meta('DeleteOptions'), optional: true },
    });
  }
  return out;
}

const patchOperation = (served: Served, id: string, answer: string, kind?: Operation['kind']) =>
  operation(served, {
    action: 'patch',
    id,
    answer,
    parameters: [...writing, query('force', 'boolean')],
    body: { schema: meta('Patch'), media: patchTypes },
    kind,
  });

function subOperations(served: Served, sub: Subresource): Record<string, object> {
  const id = `${idOf(served)}${sub.name[0]!.toUpperCase()}${sub.name.slice(1)}`;
  const kind = sub.body;
  const answer = sub.body?.schema ?? served.kind.schema;
  const out: Record<string, object> = {};
  if (sub.verbs.includes('get')) out['get'] = operation(served, { action: 'get', id: `read${id}`, answer, kind });
  if (sub.verbs.includes('create'))
    out['post'] = operation(served, {
      action: 'post',
      id: `create${id}`,
      answer,
      parameters: writing,
      body: { schema: answer },
      kind,
    });
  if (sub.verbs.includes('update'))
    out['put'] = operation(served, {
      action: 'put',
      id: `replace${id}`,
      answer,
      parameters: writing,
      body: { schema: answer },
      kind,
    });
  if (sub.verbs.includes('patch')) out['patch'] = patchOperation(served, `patch${id}`, answer, kind);
  return out;
}

/** `AppsV1NamespacedDeployment`: the part of operation ids that names the resource. */
function idOf({ kind }: Served): string {
  const group = kind.group ? kind.group.split('.')[0]! : 'core';
  const camel = (s: string) => s[0]!.toUpperCase() + s.slice(1);
  return `${camel(group)}${camel(kind.version)}${kind.namespaced ? 'Namespaced' : ''}${kind.kind}`;
}

function operation(served: Served, o: Operation): object {
  const { group, version, kind } = o.kind ?? served.kind;
  return {
    tags: [`${served.kind.group ? served.kind.group.split('.')[0] : 'core'}_${served.kind.version}`],
    operationId: o.id,
    ...(o.parameters ? { parameters: o.parameters } : {}),
    ...(o.body
      ? {
          requestBody: {
            ...(o.body.optional ? {} : { required: true }),
            content: content(o.body.schema, o.body.media ?? ['*/*']),
          },
        }
      : {}),
    responses: { 200: { description: 'OK', content: content(o.answer, types) }, 401: { description: 'Unauthorized' } },
    'x-kubernetes-action': o.action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}
