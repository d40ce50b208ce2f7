// Rows of field validation under Strict: typed objects by POST, custom resources by server-side apply of YAML.
// Errors are searched for in the raw answer. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { type Crd, makeCrd, preserving } from '../crd.ts';
import type { Reply } from '../harness/connection.ts';
import type { Context } from '../harness/context.ts';
import { patchTypes } from '../harness/resource.ts';
import { type Row, row } from '../row.ts';

const query = '?fieldManager=field_validation_mgr&fieldValidation=Strict';

export const fieldValidationRows: Row[] = [
  row('api.fieldvalidation.typed-unknown-duplicate', async (c) => {
    const reply = await postDeployment(
      c,
      (name) => `{
      "apiVersion": "apps/v1", "kind": "Deployment",
      "metadata": {"name": "${name}", "labels": {"app": "nginx"}},
      "spec": {
        "unknownField": "unknown", "replicas": 1, "replicas": 2,
        "selector": {"matchLabels": {"app": "nginx"}},
        "template": {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [{"name": "nginx", "image": "nginx:latest"}]}}
      }
    }`,
    );
    holdsText(reply, 'strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"');
  }),
  row('api.fieldvalidation.typed-unknown-metadata', async (c) => {
    const reply = await postDeployment(
      c,
      (name) => `{
      "apiVersion": "apps/v1", "kind": "Deployment",
      "metadata": {"name": "${name}", "unknownMeta": "unknown", "labels": {"app": "nginx"}},
      "spec": {
        "selector": {"matchLabels": {"app": "nginx"}},
        "template": {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [{"name": "nginx", "image": "nginx:latest"}]}}
      }
    }`,
    );
    holdsText(reply, 'strict decoding error: unknown field "metadata.unknownMeta"');
  }),
  row('api.fieldvalidation.cr-valid', async (c) => {
    const crd = await cronCrd(c, schema);
    accepted(await apply(c, crd, spec), 'a-valid-one');
    const [port] = (await crd.of().get('mytest')).spec.ports;
    assert.deepEqual(port, { name: 'x', containerPort: 80, protocol: 'TCP' });
  }),
  row('api.fieldvalidation.cr-no-schema', async (c) => {
    const crd = await cronCrd(c, preserving);
    accepted(await apply(c, crd, `${spec}  unknownField: unknown\n`), 'undeclared');
    assert.equal((await crd.of().get('mytest')).spec.unknownField, 'unknown', 'it is kept');
  }),
  row('api.fieldvalidation.cr-unknown-field', async (c) => {
    const reply = await apply(c, await cronCrd(c, schema), spec, 'unknownField: unknown\n');
    assert.ok(reply.code >= 400, `${reply.code}`);
    assert.ok(reply.text.includes('.unknownField: field not declared in schema'), reply.text);
  }),
  row('api.fieldvalidation.cr-unknown-metadata', async (c) => {
    const template = {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      properties: { metadata: { type: 'object' } },
    };
    const crd = await cronCrd(c, {
      type: 'object',
      properties: { spec: { ...preserving, properties: { template: { ...template, ...preserving } } } },
    });
    const embedded =
      '  template:\n    apiVersion: foo/v1\n    kind: Sub\n    metadata:\n      unknownSubMeta: unknown\n      name: sub\n';
    const reply = await apply(c, crd, `spec:\n${embedded}`, '', '  unknownMeta: unknown\n');
    assert.ok(reply.code >= 400, `${reply.code}`);
    const either = ['.metadata.unknownMeta', '.spec.template.metadata.unknownSubMeta'];
    assert.ok(
      either.some((path) => reply.text.includes(`${path}: field not declared in schema`)),
      reply.text,
    );
  }),
  row('api.fieldvalidation.cr-duplicate', async (c) => {
    const crd = await cronCrd(c, { type: 'object', properties: { spec: preserving } });
    // Line 1 is empty, so `foo` stands in lines 8 and 9.
    const reply = await apply(c, crd, 'spec:\n  unknown: uk1\n  foo: foo1\n  foo: foo2\n');
    assert.ok(reply.text.includes('line 9: key \\"foo\\" already set in map'), reply.text);
    assert.equal(reply.code, 400);
  }),
];

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        foo: { type: 'string' },
        cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
        ports: {
          type: 'array',
          'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
          'x-kubernetes-list-type': 'map',
          items: {
            type: 'object',
            required: ['containerPort', 'protocol'],
            properties: {
              containerPort: { type: 'integer', format: 'int32' },
              hostIP: { type: 'string' },
              name: { type: 'string' },
              protocol: { type: 'string' },
            },
          },
        },
      },
    },
  },
};
const spec =
  'spec:\n  foo: foo1\n  cronSpec: "* * * * */5"\n  ports:\n  - name: x\n    containerPort: 80\n    protocol: TCP\n';

function cronCrd(c: Context, openApi: object): Promise<Crd> {
  const name = c.unique('crontab');
  return makeCrd(c, {
    group: 'mygroup.example.com',
    plural: `${name}s`,
    kind: `E2e${name}`,
    scope: 'Cluster',
    strict: true,
    versions: [
      { name: 'v1beta1', schema: openApi, subresources: { status: {} } },
      { name: 'v1', storage: true, schema: openApi, subresources: { status: {} } },
    ],
  });
}

/** No Content-Type: the server reads it as JSON. */
async function postDeployment(c: Context, body: (name: string) => string): Promise<Reply> {
  const namespace = await c.namespace();
  return c.raw(`/apis/apps/v1/namespaces/${namespace}/deployments${query}`, { body: body(c.unique()), type: '' });
}

/** The body begins with an empty line. */
const apply = (c: Context, crd: Crd, rest: string, top = '', metadata = ''): Promise<Reply> =>
  c.raw(`/apis/${crd.apiVersion}/${crd.plural}/mytest${query}`, {
    method: 'PATCH',
    type: patchTypes.apply,
    accept: 'application/json, */*',
    body: `\napiVersion: ${crd.apiVersion}\nkind: ${crd.kind}\nmetadata:\n  name: mytest\n${metadata}${top}${rest}`,
  });

function accepted(reply: Reply, what: string): void {
  assert.equal(reply.code, 201, `${what}: ${reply.text}`);
  assert.equal(reply.json.metadata.name, 'mytest');
}

function holdsText(reply: Reply, text: string): void {
  assert.equal(reply.code, 400, reply.text);
  assert.equal(reply.json.kind, 'Status');
  assert.ok(reply.json.message.includes(text), reply.json.message);
}
