// A small kind shaped like a Pod, for the tests beside it: structs, maps, sets, map lists with a defaulted key, atomic parts.
import { type OpenAPISchema, SchemaSet } from '../../../apimachinery/schema.ts';

const text: OpenAPISchema = { type: 'string' };
const texts = { type: 'array', items: text };
const ref = (name: string): OpenAPISchema => ({ $ref: `#/definitions/${name}` });
const object = (properties: Record<string, OpenAPISchema>, more: OpenAPISchema = {}): OpenAPISchema => ({
  type: 'object',
  properties,
  ...more,
});
const mapList = (items: OpenAPISchema, ...keys: string[]): OpenAPISchema => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});
const anything: OpenAPISchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const textMap: OpenAPISchema = { type: 'object', additionalProperties: text };

const port = object({ containerPort: { type: 'integer' }, protocol: { ...text, default: 'TCP' }, name: text });
const definitions: Record<string, OpenAPISchema> = {
  'io.k8s.test.Pod': object({
    apiVersion: text,
    kind: text,
    metadata: ref('io.k8s.test.ObjectMeta'),
    spec: ref('io.k8s.test.PodSpec'),
    status: ref('io.k8s.test.PodStatus'),
  }),
  'io.k8s.test.ObjectMeta': object({
    name: text,
    namespace: text,
    uid: text,
    resourceVersion: text,
    labels: textMap,
    annotations: textMap,
    finalizers: { ...texts, 'x-kubernetes-list-type': 'set' },
    managedFields: { type: 'array', items: anything, 'x-kubernetes-list-type': 'atomic' },
  }),
  'io.k8s.test.PodSpec': object(
    {
      nodeName: text,
      replicas: { type: 'integer' },
      paused: { type: 'boolean' },
      selector: { ...textMap, 'x-kubernetes-map-type': 'atomic' },
      tolerations: { type: 'array', items: object({ key: text }), 'x-kubernetes-list-type': 'atomic' },
      containers: mapList(ref('io.k8s.test.Container'), 'name'),
    },
    { required: ['containers'] },
  ),
  'io.k8s.test.Container': object({
    name: text,
    image: text,
    args: { ...texts, 'x-kubernetes-list-type': 'atomic' },
    ports: mapList(port, 'containerPort', 'protocol'),
    resources: ref('io.k8s.test.Resources'),
  }),
  'io.k8s.test.Resources': object({ limits: textMap }),
  'io.k8s.test.PodStatus': object({ phase: text }),
};

export const node = new SchemaSet((name) => definitions[name]).node('io.k8s.test.Pod');
