// What the API rows create: pods, and custom resources whose definition has a schema of 60 KB, as operators' often have.
// Used by apiRows.ts.
import { podTemplate } from './pod.ts';

export interface Subject {
  collection: string;
  /** `NAME` stands where the name goes; updates change the annotation `example.com/checksum`. */
  template: string;
  /** Makes what has to be there before the first object. */
  prepare?(
    ask: (method: string, path: string, body?: string) => Promise<{ code: number; body: string }>,
  ): Promise<void>;
}

export const pods: Subject = { collection: '/api/v1/namespaces/default/pods', template: podTemplate };

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const collection = '/apis/bench.example.com/v1/namespaces/default/machines';
const schemaBytes = 60_000;

/** Of one part of a machine: the sorts of fields that schemas are made of. */
const part = (n: number) => ({
  type: 'object',
  description: `Part ${n} of a machine: how many of it there are, where they stand, and what is asked of them.`,
  required: ['replicas'],
  'x-kubernetes-validations': [{ rule: 'self.replicas <= self.maxReplicas', message: 'must be at most maxReplicas' }],
  properties: {
    replicas: { type: 'integer', format: 'int32', minimum: 0, maximum: 1000, description: 'How many are wanted.' },
    maxReplicas: { type: 'integer', format: 'int32', default: 100, description: 'How many there may be.' },
    zone: { type: 'string', pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$', maxLength: 63, description: 'Where they stand.' },
    mode: { type: 'string', enum: ['Active', 'Standby', 'Off'], default: 'Active', description: 'What they do.' },
    limits: {
      type: 'object',
      description: 'Amounts by name.',
      additionalProperties: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
    },
    ports: {
      type: 'array',
      maxItems: 16,
      description: 'Where they listen.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name', 'port'],
        properties: {
          name: { type: 'string', maxLength: 15, description: 'A name that no other port has.' },
          port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65535, description: 'Its number.' },
        },
      },
    },
  },
});

function schema() {
  const parts: Record<string, unknown> = {};
  for (let n = 0; JSON.stringify(parts).length < schemaBytes; n++) parts[`part${n}`] = part(n);
  const status = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return { type: 'object', properties: { spec: { type: 'object', properties: parts }, status } };
}

const definition = () => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'machines.bench.example.com' },
  spec: {
    group: 'bench.example.com',
    names: { plural: 'machines', singular: 'machine', kind: 'Machine', listKind: 'MachineList' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: schema() },
      },
    ],
  },
});

const somePart = (n: number) => ({
  replicas: n,
  zone: `zone-${n}`,
  limits: { cpu: '500m', memory: '1Gi', disks: 2 },
  ports: [
    { name: 'http', port: 8080 },
    { name: 'metrics', port: 9090 },
  ],
});

/** 1.4 KB as sent. */
export const customResources: Subject = {
  collection,
  template: JSON.stringify({
    apiVersion: 'bench.example.com/v1',
    kind: 'Machine',
    metadata: {
      name: 'NAME',
      labels: { app: 'web', tier: 'front' },
      annotations: { 'example.com/checksum': 'c0ffee' },
    },
    spec: Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`part${n}`, somePart(n)])),
  }),
  async prepare(ask) {
    const made = await ask('POST', definitions, JSON.stringify(definition()));
    if (made.code !== 201) throw new Error(`the definition was refused: ${made.body}`);
    while ((await ask('GET', collection)).code !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  },
};
