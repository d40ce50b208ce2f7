// What is said of unknown and duplicate fields, by verb and form of the body; the bodies and texts are those of upstream's own test of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Http, httpTo } from '../kit/http.ts';

let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const deployments = '/apis/apps/v1/namespaces/default/deployments';
let counter = 0;

const inJson = (name: string) => `
	{
		"apiVersion": "apps/v1",
		"kind": "Deployment",
		"metadata": {
			"name": "${name}",
			"labels": {"app": "nginx"}
		},
		"spec": {
			"unknown1": "val1",
			"unknownDupe": "valDupe",
			"unknownDupe": "valDupe2",
			"paused": true,
			"paused": false,
			"selector": {"matchLabels": {"app": "nginx"}},
			"template": {
				"metadata": {"labels": {"app": "nginx"}},
				"spec": {
					"containers": [{
						"name":  "nginx",
						"image": "nginx:latest",
						"unknownNested": "val1",
						"imagePullPolicy": "Always",
						"imagePullPolicy": "Never"
					}]
				}
			}
		}
	}`;
const inYaml = (name: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app: nginx
spec:
  unknown1: val1
  unknownDupe: valDupe
  unknownDupe: valDupe2
  paused: true
  paused: false
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx:latest
        unknownNested: val1
        imagePullPolicy: Always
        imagePullPolicy: Never`;
const valid = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: 'nginx' } },
  spec: {
    selector: { matchLabels: { app: 'nginx' } },
    template: {
      metadata: { labels: { app: 'nginx' } },
      spec: { containers: [{ name: 'nginx', image: 'nginx:latest', imagePullPolicy: 'Always' }] },
    },
  },
});
const container = 'spec.template.spec.containers[0]';
const unknownSorted = [
  `unknown field "${container}.unknownNested"`,
  'unknown field "spec.unknown1"',
  'unknown field "spec.unknownDupe"',
];
const typed = [
  'unknown field "spec.unknown1"',
  'unknown field "spec.unknownDupe"',
  'duplicate field "spec.paused"',
  `unknown field "${container}.unknownNested"`,
  `duplicate field "${container}.imagePullPolicy"`,
];
const lines = [
  'line 10: key "unknownDupe" already set in map',
  'line 12: key "paused" already set in map',
  'line 26: key "imagePullPolicy" already set in map',
];
const yamlText = (found: string[]) => `yaml: unmarshal errors:\n${found.map((l) => `  ${l}`).join('\n')}`;
const patchBody = `{
	"spec": {
		"unknown1": "val1",
		"unknownDupe": "valDupe",
		"unknownDupe": "valDupe2",
		"paused": true,
		"paused": false,
		"template": {"spec": {"containers": [{
			"name": "nginx",
			"image": "nginx:latest",
			"unknownNested": "val1",
			"imagePullPolicy": "Always",
			"imagePullPolicy": "Never"
		}]}}
	}
}`;
const patched = [
  'duplicate field "spec.unknownDupe"',
  'duplicate field "spec.paused"',
  `duplicate field "${container}.imagePullPolicy"`,
];
const operations = `[
	{"op": "add", "path": "/spec/unknown1", "value": "val1", "foo":"bar"},
	{"op": "add", "path": "/spec/unknown2", "path": "/spec/unknown3", "value": "val1"},
	{"op": "add", "path": "/spec/unknownDupe", "value": "valDupe"},
	{"op": "add", "path": "/spec/unknownDupe", "value": "valDupe2"},
	{"op": "add", "path": "/spec/paused", "value": true},
	{"op": "add", "path": "/spec/paused", "value": false},
	{"op": "add", "path": "/spec/template/spec/containers/0/unknownNested", "value": "val1"},
	{"op": "add", "path": "/spec/template/spec/containers/0/imagePullPolicy", "value": "Never"}
]`;
const applied = (name: string) => `{
		"apiVersion": "apps/v1",
		"kind": "Deployment",
		"metadata": {
			"name": "${name}",
			"labels": {"app": "nginx"}
		},
		"spec": {
			"paused": false,
			"paused": true,
			"selector": {"matchLabels": {"app": "nginx"}},
			"template": {
				"metadata": {"labels": {"app": "nginx"}},
				"spec": {"containers": [{
						"name":  "nginx",
						"image": "nginx:latest",
						"imagePullPolicy": "Never",
						"imagePullPolicy": "Always"
					}]}
			}
		}
	}`;
const appliedLines = ['line 10: key "paused" already set in map', 'line 18: key "imagePullPolicy" already set in map'];

interface Row {
  what: string;
  method: string;
  type: string;
  body(name: string): string;
  /** In order; both as warnings and in the text of a refusal. */
  warnings: string[];
  /** Of a refusal. */
  code: number;
  text: string;
}
const cannot = 'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ';
const rows: Row[] = [
  {
    what: 'POST',
    method: 'POST',
    type: 'application/json',
    body: inJson,
    warnings: typed,
    code: 400,
    text: cannot + typed.join(', '),
  },
  {
    what: 'PUT',
    method: 'PUT',
    type: 'application/json',
    body: inJson,
    warnings: typed,
    code: 400,
    text: cannot + typed.join(', '),
  },
  {
    what: 'POST in YAML',
    method: 'POST',
    type: 'application/yaml',
    body: inYaml,
    warnings: [...lines, ...unknownSorted],
    code: 400,
    text: cannot + [yamlText(lines), ...unknownSorted].join(', '),
  },
  {
    what: 'merge patch',
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: () => patchBody,
    warnings: [...patched, ...unknownSorted],
    code: 422,
    text: `strict decoding error: ${[...patched, ...unknownSorted].join(', ')}`,
  },
  {
    what: 'JSON patch',
    method: 'PATCH',
    type: 'application/json-patch+json',
    body: () => operations,
    warnings: [
      'json patch unknown field "[0].foo"',
      'json patch duplicate field "[1].path"',
      unknownSorted[0]!,
      unknownSorted[1]!,
      'unknown field "spec.unknown3"',
      unknownSorted[2]!,
    ],
    code: 422,
    text: 'strict decoding error: json patch unknown field "[0].foo", json patch duplicate field "[1].path", ',
  },
  {
    what: 'strategic merge patch',
    method: 'PATCH',
    type: 'application/strategic-merge-patch+json',
    body: () => patchBody,
    warnings: [...patched, ...unknownSorted],
    code: 422,
    text: `strict decoding error: ${[...patched, ...unknownSorted].join(', ')}`,
  },
  {
    what: 'apply',
    method: 'PATCH',
    type: 'application/apply-patch+yaml',
    body: applied,
    warnings: appliedLines,
    code: 400,
    text: `error strict decoding YAML: error converting YAML to JSON: ${yamlText(appliedLines)}`,
  },
];

describe.each(rows)('$what', (row) => {
  async function ask(validation: string) {
    const name = `d${++counter}`;
    if (row.method !== 'POST') await http(deployments, { body: valid(name) });
    const query = `?fieldManager=m&force=true${validation && `&fieldValidation=${validation}`}`.replace(
      row.what === 'apply' ? '' : '&force=true',
      '',
    );
    return http(`${deployments}${row.method === 'POST' ? '' : `/${name}`}${query}`, {
      method: row.method,
      type: row.type,
      body: row.body(name),
    });
  }
  it.each([[''], ['Warn']])('%s warns', async (validation) => {
    const r = await ask(validation);
    expect([r.code < 300, r.warnings]).toEqual([true, row.warnings]);
  });
  it('Ignore passes it over', async () => {
    const r = await ask('Ignore');
    expect([r.code < 300, r.warnings, r.json.spec?.unknown1]).toEqual([true, [], undefined]);
  });
  it('Strict refuses', async () => {
    const r = await ask('Strict');
    expect([r.code, r.json.message]).toEqual([row.code, expect.stringContaining(row.text)]);
  });
});

describe('an apply of fields that there are not', () => {
  it.each([['Strict'], ['Ignore']])('is refused, %s or not', async (fieldValidation) => {
    const name = `d${++counter}`;
    const body = { ...valid(name), unknown: 1 };
    const query = `fieldManager=m&fieldValidation=${fieldValidation}`;
    const r = await http(`${deployments}/${name}?${query}`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body,
    });
    expect([r.code, r.json.message]).toEqual([
      500,
      `failed to create typed patch object (/${name}; apps/v1, Kind=Deployment): .unknown: field not declared in schema`,
    ]);
  });
});

describe('a value of the wrong type', () => {
  const name = 'wrong';
  beforeAll(() => http(deployments, { body: valid(name) }));
  const invalid = ' "" is invalid: patch: Invalid value: ';
  const why = 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32';
  it.each([
    ['application/merge-patch+json', { spec: { replicas: 'x' } }],
    ['application/json-patch+json', [{ op: 'add', path: '/spec/replicas', value: 'x' }]],
  ])('in a %s is 422, with the object as patched', async (type, body) => {
    const r = await http(`${deployments}/${name}`, { method: 'PATCH', type, body });
    expect([r.code, r.json.reason]).toEqual([422, 'Invalid']);
    expect(r.json.message.startsWith(`${invalid}"{`)).toBe(true);
    expect(r.json.message).toContain('\\"replicas\\":\\"x\\"');
    expect(r.json.message.endsWith(why)).toBe(true);
    expect(r.json.details).toEqual({
      causes: [{ reason: 'FieldValueInvalid', field: 'patch', message: expect.anything() }],
    });
  });
  it.each([
    ['spec: {replicas: x}', { spec: { replicas: 'x' } }, 'map[spec:map[replicas:x]]', 'unrecognized type: int32'],
    ['labels', { metadata: { labels: 'x' } }, 'map[metadata:map[labels:x]]', 'cannot restore map from string'],
    ['spec', { spec: 1 }, 'map[spec:1]', 'cannot restore struct from: int64'],
    ['name', { spec: { template: { spec: { nodeName: 7 } } } }, undefined, 'cannot convert int64 to string'],
    ['paused', { spec: { paused: 'yes' } }, 'map[spec:map[paused:yes]]', 'unrecognized type: bool'],
  ])('in a strategic merge patch is 422, with the patch: %s', async (_, body, shown, restored) => {
    const r = await http(`${deployments}/${name}`, {
      method: 'PATCH',
      type: 'application/strategic-merge-patch+json',
      body,
    });
    expect(r.code).toBe(422);
    if (shown) expect(r.json.message).toBe(`${invalid}"${shown}": ${restored}`);
    expect(r.json.message.endsWith(`: ${restored}`)).toBe(true);
  });
  const bodies: [string, string, number, string][] = [
    [
      'application/merge-patch+json',
      '[]',
      400,
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    ['application/merge-patch+json', '{"a"', 400, 'error decoding patch: unexpected end of JSON input'],
    [
      'application/json-patch+json',
      '{}',
      400,
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      'application/json-patch+json',
      '[1]',
      400,
      'error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp',
    ],
    [
      'application/strategic-merge-patch+json',
      '"x"',
      400,
      'json: cannot unmarshal string into Go value of type map[string]interface {}',
    ],
    [
      'application/apply-patch+yaml',
      '[]',
      400,
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    ['application/apply-patch+yaml', 'a: 1', 400, 'invalid object type: /, Kind='],
    [
      'application/apply-patch+yaml',
      'apiVersion: apps/v2\nkind: Deployment',
      400,
      'invalid object type: apps/v2, Kind=Deployment',
    ],
    ['application/apply-patch+yaml', 'apiVersion: v1\nkind: Pod', 400, 'invalid object type: /v1, Kind=Pod'],
    [
      'application/apply-patch+yaml',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  managedFields: []',
      400,
      'metadata.managedFields must be nil',
    ],
  ];
  it.each(bodies)('%s of %j is refused', async (type, body, code, text) => {
    const query = type.includes('apply') ? '?fieldManager=m' : '';
    const r = await http(`${deployments}/${name}${query}`, { method: 'PATCH', type, body });
    expect([r.code, r.json.message]).toEqual([code, text]);
  });
  it('an apply that creates must name its object', async () => {
    const r = await http(`${deployments}/nameless?fieldManager=m`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: 'apiVersion: apps/v1\nkind: Deployment',
    });
    expect([r.code, r.json.message]).toEqual([
      400,
      'the name of the object (nameless based on URL) was undeterminable: name must be provided',
    ]);
  });
  const options: [string, string][] = [
    ['fieldManager=', 'fieldManager: Required value: is required for apply patch'],
    ['fieldManager=a%07b', 'fieldManager: Invalid value: "a\\ab": invalid character U+0007 (at position 1)'],
    [`fieldManager=${'m'.repeat(129)}`, 'fieldManager: Too long: may not be more than 128 bytes'],
    ['fieldManager=m&dryRun=x', 'dryRun: Unsupported value: ["x"]: supported values: "All"'],
    [
      'fieldManager=m&fieldValidation=x',
      'fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"',
    ],
  ];
  it.each(options)('apply with %s is refused', async (query, text) => {
    const r = await http(`${deployments}/${name}?${query}`, {
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: valid(name),
    });
    expect([r.code, r.json.message]).toEqual([422, `PatchOptions.meta.k8s.io "" is invalid: ${text}`]);
  });
  it('force is for applies alone', async () => {
    const r = await http(`${deployments}/${name}?force=false`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: {},
    });
    expect([r.code, r.json.message]).toEqual([
      422,
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    ]);
  });
});
