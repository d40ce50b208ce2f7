// What the extension server says of itself: discovery in both forms, OpenAPI versions 2 and 3.
// Called by main.ts.
const [group, version] = ['wardle.example.com', 'v1alpha1'];
const groupVersion = `${group}/${version}`;
const base = `/apis/${groupVersion}`;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const resources = [
  { name: 'fischers', singularName: 'fischer', namespaced: false, kind: 'Fischer', verbs },
  { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', shortNames: ['fl'], verbs },
];
const asked = { groupVersion, version };
const apiGroup = { kind: 'APIGroup', apiVersion: 'v1', name: group, versions: [asked], preferredVersion: asked };

const aggregated = {
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: [
    {
      metadata: { name: group, creationTimestamp: null },
      versions: [
        {
          version,
          freshness: 'Current',
          resources: resources.map(({ name, singularName, namespaced, kind, ...rest }) => ({
            resource: name,
            singularResource: singularName,
            scope: namespaced ? 'Namespaced' : 'Cluster',
            responseKind: { group, version, kind },
            ...rest,
          })),
        },
      ],
    },
  ],
};

const flunder = 'com.example.wardle.v1alpha1.Flunder';
/** Of the same name as one of Kubernetes' own, with other content: a merge must keep both apart. */
const rival = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
const schemas = (prefix: string) => ({
  [flunder]: {
    type: 'object',
    description: 'A fish that refers to another.',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      rival: { $ref: `${prefix}${rival}` },
      spec: { type: 'object', properties: { reference: { type: 'string', description: 'Whom it refers to.' } } },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: 'Flunder' }],
  },
  [rival]: { type: 'object', properties: { ofTheExtension: { type: 'string' } } },
});
const action = {
  'x-kubernetes-action': 'list',
  'x-kubernetes-group-version-kind': { group, version, kind: 'Flunder' },
};
const info = { title: 'sample', version: 'v0' };
const swagger = {
  swagger: '2.0',
  info,
  paths: {
    [`${base}/namespaces/{namespace}/flunders`]: {
      get: {
        operationId: 'listFlunders',
        ...action,
        responses: { 200: { description: 'OK', schema: { $ref: `#/definitions/${flunder}` } } },
      },
    },
    '/healthz': { get: { responses: { 200: { description: 'OK' } } } },
  },
  definitions: { ...schemas('#/definitions/'), Unused: { type: 'object' } },
};
const openapi = {
  openapi: '3.0.0',
  info,
  paths: {
    [`${base}/namespaces/{namespace}/flunders`]: {
      get: { ...action, responses: {} },
      post: {
        ...action,
        'x-kubernetes-action': 'post',
        parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
        responses: {},
      },
    },
  },
  components: { schemas: schemas('#/components/schemas/') },
};

const documents: Record<string, object> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [apiGroup] },
  [`/apis/${group}`]: apiGroup,
  [base]: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources },
  '/openapi/v2': swagger,
  '/openapi/v3': { paths: { [base.slice(1)]: { serverRelativeURL: `/openapi/v3${base}?hash=ABC` } } },
  [`/openapi/v3${base}`]: openapi,
};

export function document(path: string, accept: string): { type: string; body: string } | undefined {
  if (path === '/apis' && /v=v2;as=APIGroupDiscoveryList/.test(accept))
    return {
      type: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      body: JSON.stringify(aggregated),
    };
  const found = documents[path];
  return found && { type: 'application/json', body: JSON.stringify(found) };
}
