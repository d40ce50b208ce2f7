// CustomResourceDefinitions for tests, and waiting until they are served.
import { until } from '../../kit/apiServer.ts';
import type { Http } from '../../kit/http.ts';

export const group = 'stable.example.com';
export const crdsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const defaultSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { size: { type: 'integer' }, color: { type: 'string', default: 'red' } },
    },
  },
};

/** A definition of one version, v1. `version` and `spec` are laid over it. */
export function crd(kind: string, version: any = {}, spec: any = {}): any {
  const plural = `${kind.toLowerCase()}s`;
  const inGroup = spec.group ?? group;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${inGroup}` },
    spec: {
      group: inGroup,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: defaultSchema }, ...version }],
      ...spec,
    },
  };
}

/** Resolves once it is established. */
export async function define(http: Http, definition: any): Promise<any> {
  const made = await http(crdsPath, { body: definition });
  if (made.code !== 201) throw new Error(made.text);
  let found: any;
  await until(async () => {
    found = (await http(`${crdsPath}/${definition.metadata.name}`)).json;
    return found.status?.conditions?.some((c: any) => c.type === 'Established' && c.status === 'True');
  });
  return found;
}
