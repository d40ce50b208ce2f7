// The paths that tell what is served, as OpenAPI version 2 has them, by the document of version 3 that they stand in.
// Reads: the groups of the registry. Mirrors: apiserver/pkg/endpoints/discovery (legacy.go, root.go, group.go, version.go), server/routes.
// Called by documents.ts.
import type { Group } from '../discovery/groups.ts';
import { groupInId, type Operation, type PathItem, tagOf } from './paths.ts';

const meta = (name: string) => ({ $ref: `#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.${name}` });
const types = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const title = (s: string) => s[0]!.toUpperCase() + s.slice(1);

const get = (operationId: string, tag: string, description: string, schema: object, media = types): PathItem => ({
  get: {
    description,
    ...(media === types ? { consumes: types } : {}),
    produces: media,
    operationId,
    responses: { 200: { description: 'OK', schema }, 401: { description: 'Unauthorized' } },
    schemes: ['https'],
    tags: [tag],
  } as Operation,
});

const fixed: Record<string, Record<string, PathItem>> = {
  '.well-known/openid-configuration': {
    '/.well-known/openid-configuration/': get(
      'getServiceAccountIssuerOpenIDConfiguration',
      'WellKnown',
      'Who issues ServiceAccount tokens, for those who check them.',
      { type: 'string' },
      ['application/json'],
    ),
  },
  api: { '/api/': get('getCoreAPIVersions', 'core', 'Versions of the legacy group.', meta('APIVersions')) },
  apis: { '/apis/': get('getAPIVersions', 'apis', 'All groups but the legacy one.', meta('APIGroupList')) },
  'openid/v1/jwks': {
    '/openid/v1/jwks/': get(
      'getServiceAccountIssuerOpenIDKeyset',
      'openid',
      'Keys that ServiceAccount tokens are signed with.',
      { type: 'string' },
      ['application/jwk-set+json'],
    ),
  },
  version: {
    '/version/': {
      get: {
        ...(get(
          'getCodeVersion',
          'version',
          'Version of this server.',
          {
            $ref: '#/definitions/io.k8s.apimachinery.pkg.version.Info',
          },
          ['application/json'],
        )['get'] as Operation),
        consumes: ['application/json'],
      },
    },
  },
};

/** Documents of version 3 by name, such as `apis/apps`, each with its paths; group versions' own documents have theirs beside resources. */
export function discoveryPaths(groups: readonly Group[]): Record<string, Record<string, PathItem>> {
  const out: Record<string, Record<string, PathItem>> = { ...fixed };
  for (const { name } of groups) {
    if (!name) continue;
    const what = `Versions of the group ${name}.`;
    out[`apis/${name}`] = {
      [`/apis/${name}/`]: get(`get${groupInId(name)}APIGroup`, tagOf(name), what, meta('APIGroup')),
    };
  }
  return out;
}

/** The list of resources of one group version. */
export function resourcesPath(group: string, version: string): Record<string, PathItem> {
  const path = group ? `/apis/${group}/${version}/` : `/api/${version}/`;
  const id = `get${groupInId(group)}${title(version)}APIResources`;
  return { [path]: get(id, tagOf(group, version), 'The resources of this group version.', meta('APIResourceList')) };
}
