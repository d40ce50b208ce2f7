// Custom resources as clients meet them: subresources, columns, selectors, patches, apply, kubectl.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer, until } from '../../kit/apiServer.ts';
import { type Http, httpTo, watchOf } from '../../kit/http.ts';
import { kubectlMissing, kubectls } from '../../kit/kubectls.ts';
import { crd, crdsPath, define, group } from './definitions.ts';

let server: TestApiServer;
let http: Http & { close(): void };
const text = { type: 'string' };
const integer = { type: 'integer' };
const tabSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['cronSpec'],
      properties: {
        cronSpec: { ...text, description: 'When it runs.' },
        replicas: { ...integer, minimum: 0 },
        color: text,
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            required: ['port'],
            properties: { port: integer, protocol: { ...text, default: 'TCP' }, name: text },
          },
        },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
      'x-kubernetes-validations': [{ rule: '!has(self.replicas) || self.replicas < 10', message: 'too many' }],
    },
    status: {
      type: 'object',
      properties: { replicas: integer, selector: text, at: { ...text, format: 'date-time' } },
    },
  },
};
beforeAll(async () => {
  server = await startTestApiServer();
  http = httpTo(server);
  await define(
    http,
    crd(
      'CronTab',
      {
        schema: { openAPIV3Schema: tabSchema },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
          { name: 'Port', type: 'string', jsonPath: '.spec.ports[?(@.protocol=="UDP")].name' },
          { name: 'At', type: 'date', jsonPath: '.status.at' },
        ],
        selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.replicas' }],
      },
      { names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'], categories: ['all'] } },
    ),
  );
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const path = `/apis/${group}/v1/namespaces/default/crontabs`;
const tab = (name: string, spec: object = {}) => ({
  apiVersion: `${group}/v1`,
  kind: 'CronTab',
  metadata: { name },
  spec: { cronSpec: '* * *', ...spec },
});
const patch = (name: string, type: string, body: unknown, query = '') =>
  http(`${path}/${name}${query}`, { method: 'PATCH', type: `application/${type}`, body });

describe('objects', () => {
  it('keep their status from writes of the rest, and the rest from writes of the status', async () => {
    const made = await http(path, { body: { ...tab('a', { replicas: 1 }), status: { replicas: 5 } } });
    expect(made.json.status).toBeUndefined();
    const body = {
      ...made.json,
      spec: { cronSpec: 'changed' },
      status: { replicas: 2, selector: 'a=b' },
      metadata: { ...made.json.metadata, labels: { x: 'y' } },
    };
    const status = await http(`${path}/a/status`, { method: 'PUT', body });
    expect(status.json).toMatchObject({
      spec: { cronSpec: '* * *' },
      status: { replicas: 2 },
      metadata: { generation: 1 },
    });
    expect(status.json.metadata.labels).toBeUndefined();
    const main = await http(`${path}/a`, {
      method: 'PUT',
      body: { ...status.json, spec: { cronSpec: 'x', replicas: 1 }, status: { replicas: 9 } },
    });
    expect(main.json).toMatchObject({ spec: { cronSpec: 'x' }, status: { replicas: 2 }, metadata: { generation: 2 } });
    const wrong = await http(`${path}/a/status`, { method: 'PUT', body: { ...main.json, status: { replicas: 'x' } } });
    expect(wrong.json.message).toContain(
      'status.replicas: Invalid value: "string": status.replicas in body must be of type integer',
    );
    const labels = { ...main.json, metadata: { ...main.json.metadata, labels: { a: 'b' } } };
    expect((await http(`${path}/a`, { method: 'PUT', body: labels })).json.metadata.generation).toBe(2);
  });

  it('have a scale', async () => {
    const scale = (await http(`${path}/a/scale`)).json;
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 1 },
      status: { replicas: 2, selector: 'a=b' },
    });
    const scaled = await http(`${path}/a/scale`, { method: 'PUT', body: { ...scale, spec: { replicas: 3 } } });
    expect(scaled.json.spec.replicas).toBe(3);
    expect((await http(`${path}/a`)).json).toMatchObject({ spec: { replicas: 3 }, metadata: { generation: 3 } });
    const refused = await http(`${path}/a/scale`, { method: 'PUT', body: { ...scaled.json, spec: { replicas: 12 } } });
    expect(refused.json.message).toContain('too many');
    await http(path, { body: tab('unscaled') });
    expect((await http(`${path}/unscaled/scale`)).json.message).toBe(
      'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
    );
  });

  it('hold at the paths of their scale what a scale can tell', async () => {
    const status = (object: object) => http(`${path}/a/status`, { method: 'PUT', body: object });
    const { json } = await http(`${path}/a`);
    const text = JSON.stringify({ ...json, status: { replicas: 2 } }).replace(
      '"replicas":2',
      '"replicas":9007199254740993',
    );
    const refused = [
      await http(`${path}/a/status`, { method: 'PUT', body: text }),
      await status({ ...json, status: { ...json.status, selector: ['a'] } }),
    ];
    const ofScale = (r: any) => r.json.details.causes.find((cause: any) => cause.field.startsWith('.'));
    expect(refused.map(ofScale)).toMatchObject([
      {
        field: '.status.replicas',
        message: 'Invalid value: 9007199254740993: should be less than or equal to 2147483647',
      },
      {
        field: '.status.selector',
        message:
          'Invalid value: "": .status.selector accessor error: [a] is of the type []interface {}, expected string',
      },
    ]);
    const scaled = await http(`${path}/a/scale?fieldManager=scaler`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { spec: { replicas: 4 } },
    });
    expect(scaled.code).toBe(200);
    const { managedFields } = (await http(`${path}/a`)).json.metadata;
    expect(managedFields.find((e: any) => e.manager === 'scaler')).toEqual({
      manager: 'scaler',
      operation: 'Update',
      apiVersion: `${group}/v1`,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      subresource: 'scale',
    });
    await http(`${path}/a/scale`, { method: 'PUT', body: { ...scaled.json, spec: { replicas: 3 } } });
  });

  it('say where embedded metadata cannot be read', async () => {
    const template = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 42 } };
    const r = await http(path, { body: tab('z', { template }) });
    expect([r.code, r.json.message]).toEqual([
      400,
      'CronTab in version "v1" cannot be handled as a CronTab: spec.template.metadata: Invalid value: {"name":"p","namespace":42}: json: cannot unmarshal number into Go struct field ObjectMeta.namespace of type string',
    ]);
  });

  it('live in a namespace or in none, and paths for the other find nothing', async () => {
    const across = path.replace('/namespaces/default', '');
    const answers = [await http(across, { body: tab('z') }), await http(across, { method: 'DELETE' })];
    expect(answers.map((r) => [r.code, r.text])).toEqual(Array(2).fill([404, '404 page not found\n']));
  });

  it('are listed with their subresources, the status first', async () => {
    const { resources } = (await http(`/apis/${group}/v1`)).json;
    const rows = resources.filter((r: any) => r.name.startsWith('crontabs')).map((r: any) => [r.name, r.verbs]);
    expect(rows).toEqual([
      ['crontabs', ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']],
      ['crontabs/status', ['get', 'patch', 'update']],
      ['crontabs/scale', ['get', 'patch', 'update']],
    ]);
  });

  it('must say which version an update is of', async () => {
    const r = await http(`${path}/a`, { method: 'PUT', body: tab('a') });
    expect(r.code).toBe(422);
    expect(r.json.message).toContain('metadata.resourceVersion: Invalid value: 0: must be specified for an update');
    expect((await http(`${path}/absent`, { method: 'PUT', body: tab('absent') })).code).toBe(404);
  });

  it('take patches, but strategic ones', async () => {
    expect((await patch('a', 'merge-patch+json', { spec: { color: 'red' } })).json.spec.color).toBe('red');
    expect(
      (await patch('a', 'json-patch+json', [{ op: 'replace', path: '/spec/color', value: 'blue' }])).json.spec.color,
    ).toBe('blue');
    const strategic = await patch('a', 'strategic-merge-patch+json', {});
    expect(strategic.code).toBe(415);
    const pruned = await patch('a', 'merge-patch+json', { spec: { nope: 1 } }, '?fieldValidation=Warn');
    expect(pruned.json.spec.nope).toBeUndefined();
    expect(pruned.warnings).toEqual(['unknown field "spec.nope"']);
    expect((await patch('a', 'merge-patch+json', { spec: { nope: 1 } }, '?fieldValidation=Strict')).code).toBe(422);
  });

  it('are refused with all that is wrong', async () => {
    const r = await http(path, { body: { ...tab('z'), spec: { replicas: -1, ports: [{ port: 1 }, { port: 1 }] } } });
    expect(r.code).toBe(422);
    expect(r.json.details.causes.map((c: any) => `${c.field}: ${c.message}`)).toEqual([
      'spec.cronSpec: Required value',
      'spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0',
      '.spec.replicas: Invalid value: -1: should be a non-negative integer',
      'spec.ports[1]: Duplicate value: {"port":1,"protocol":"TCP"}',
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ]);
    const embedded = await http(path, { body: tab('z', { template: { apiVersion: 'v1' } }) });
    expect(embedded.json.message).toContain('spec.template.kind: Required value: must not be empty');
    const strict = {
      ...tab('z'),
      metadata: { name: 'z', x: 1 },
      spec: { cronSpec: 'x', y: 1, template: { apiVersion: 'v1', kind: 'Pod', metadata: { z: 1 } } },
    };
    const unknown = await http(`${path}?fieldValidation=Strict`, { body: strict });
    expect(unknown.json.message).toContain(
      'strict decoding error: unknown field "metadata.x", unknown field "spec.template.metadata.z", unknown field "spec.y"',
    );
    const twice = `{"apiVersion":"${group}/v1","kind":"CronTab","metadata":{"name":"z"},"spec":{"cronSpec":"a","cronSpec":"b"}}`;
    expect((await http(`${path}?fieldValidation=Strict`, { body: twice })).json.message).toContain(
      'duplicate field "spec.cronSpec"',
    );
    expect((await http(`${path}?dryRun=All`, { body: tab('z') })).code).toBe(201);
    expect((await http(`${path}/z`)).code).toBe(404);
  });

  it('print as their definition says', async () => {
    await http(path, {
      body: tab('t', { replicas: 2, ports: [{ port: 1 }, { port: 2, protocol: 'UDP', name: 'dns' }] }),
    });
    const live = (await http(`${path}/t`)).json;
    await http(`${path}/t/status`, {
      method: 'PUT',
      body: { ...live, status: { at: new Date(Date.now() - 90_000).toISOString() } },
    });
    const table = (await http(`${path}/t`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })).json;
    expect(table.columnDefinitions.map((c: any) => [c.name, c.type, c.priority])).toEqual([
      ['Name', 'string', 0],
      ['Spec', 'string', 0],
      ['Replicas', 'integer', 1],
      ['Port', 'string', 0],
      ['At', 'date', 0],
    ]);
    expect(table.rows[0].cells.slice(0, 4)).toEqual(['t', '* * *', 2, 'dns']);
    expect(table.rows[0].cells[4]).toMatch(/^9\ds$/);
  });

  it('are selected by the fields of their definition', async () => {
    await http(path, { body: tab('s1', { color: 'green', replicas: 1 }) });
    await http(path, { body: tab('s2', { color: 'green', replicas: 2 }) });
    const names = async (selector: string) =>
      (await http(`${path}?fieldSelector=${encodeURIComponent(selector)}`)).json.items.map((o: any) => o.metadata.name);
    expect(await names('spec.color=green')).toEqual(['s1', 's2']);
    expect(await names('spec.color=green,spec.replicas=2')).toEqual(['s2']);
    const wrong = await http(`${path}?fieldSelector=spec.cronSpec%3Dx`);
    expect([wrong.code, wrong.json.message]).toEqual([
      400,
      expect.stringContaining('field label not supported: spec.cronSpec'),
    ]);
    const gone = await http(`${path}?fieldSelector=spec.color%3Dgreen`, { method: 'DELETE' });
    expect(gone.json.items).toHaveLength(2);
    expect(await names('spec.color=green')).toEqual([]);
  });

  it('are applied, their lists merged by the keys of the schema', async () => {
    const apply = (manager: string, spec: object, force = false) =>
      patch('applied', 'apply-patch+yaml', tab('applied', spec), `?fieldManager=${manager}&force=${force}`);
    const made = await apply('one', { ports: [{ port: 80, protocol: 'TCP', name: 'web' }] });
    expect(made.code).toBe(201);
    const both = await apply('two', { cronSpec: '* * *', ports: [{ port: 53, protocol: 'UDP' }] });
    expect(both.json.spec.ports).toEqual([
      { port: 80, protocol: 'TCP', name: 'web' },
      { port: 53, protocol: 'UDP' },
    ]);
    const conflict = await apply('two', { ports: [{ port: 80, protocol: 'TCP', name: 'other' }] });
    expect(conflict.code).toBe(409);
    expect(conflict.json.message).toContain('conflict with "one": .spec.ports[port=80,protocol="TCP"].name');
    expect((await apply('one', {})).json.spec.ports).toEqual([{ port: 53, protocol: 'UDP' }]);
    const unknown = await apply('one', { nope: 1 });
    expect(unknown.json.message).toContain('.spec.nope: field not declared in schema');
  });
});

describe('definitions', () => {
  it('that come to say that a field holds a resource find readable metadata in it', async () => {
    const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const definition = crd('Holder', {
      schema: { openAPIV3Schema: { type: 'object', properties: { held: anything } } },
    });
    const made = await define(http, definition);
    const holders = `/apis/${group}/v1/namespaces/default/holders`;
    const metadata = { unknown: 42, annotations: { foo: 42 }, labels: { bad: 'x y' }, name: 'n' };
    const held = { apiVersion: 'foo/v1', kind: 'Foo', metadata };
    await http(holders, { body: { apiVersion: `${group}/v1`, kind: 'Holder', metadata: { name: 'x' }, held } });
    made.spec.versions[0].schema.openAPIV3Schema.properties.held['x-kubernetes-embedded-resource'] = true;
    expect((await http(`${crdsPath}/holders.${group}`, { method: 'PUT', body: made })).code).toBe(200);
    await until(async () => (await http(`${holders}/x`)).json.held.metadata.unknown === undefined);
    const { json } = await http(`${holders}/x`);
    expect(json.held).toEqual({ ...held, metadata: { labels: { bad: 'x y' }, name: 'n' } });
    const put = (labels: object) => {
      const body = { ...json, held: { ...held, metadata: { name: 'n', labels } } };
      return http(`${holders}/x`, { method: 'PUT', body });
    };
    expect((await put({ bad: 'y z' })).json.message).toContain('held.metadata.labels: Invalid value: "y z"');
    expect((await put({ bad: 'fixed' })).code).toBe(200);
  });

  it('may change while their objects are watched', async () => {
    const watch = watchOf(server, `${path}?watch=true&resourceVersion=0`);
    await until(() => watch.events.length > 0);
    const live = (await http(`${crdsPath}/crontabs.${group}`)).json;
    live.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.color.default = 'grey';
    expect((await http(`${crdsPath}/crontabs.${group}`, { method: 'PUT', body: live })).json.metadata.generation).toBe(
      2,
    );
    // What is stored without the default is read with it.
    await until(async () => (await http(`${path}/t`)).json.spec.color === 'grey');
    await http(path, { body: tab('late') });
    await until(() => watch.events.some((e) => e.object.metadata.name === 'late'));
    expect(watch.events.find((e) => e.object.metadata.name === 'late').object.spec.color).toBe('grey');
    watch.close();
  });

  it('wait for names that others have, and get them when those go', async () => {
    await define(http, crd('First', {}, { names: { plural: 'firsts', kind: 'First', shortNames: ['fi'] } }));
    await http(crdsPath, {
      body: crd('Second', {}, { names: { plural: 'seconds', kind: 'First', shortNames: ['fi', 'se'] } }),
    });
    const second = async () => (await http(`${crdsPath}/seconds.${group}`)).json;
    await until(async () => (await second()).status.conditions?.length >= 2);
    expect((await second()).status).toMatchObject({
      acceptedNames: { plural: 'seconds' },
      conditions: [
        {
          type: 'NamesAccepted',
          status: 'False',
          reason: 'ListKindConflict',
          message: '"FirstList" is already in use',
        },
        { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
      ],
    });
    expect((await http(`/apis/${group}/v1/namespaces/default/seconds`)).code).toBe(404);
    await http(`${crdsPath}/firsts.${group}`, { method: 'DELETE' });
    await until(async () => (await http(`/apis/${group}/v1/namespaces/default/seconds`)).code === 200);
    expect((await second()).status.acceptedNames).toMatchObject({ kind: 'First', shortNames: ['fi', 'se'] });
  });

  it('that are deleted wait for their objects and take no new ones', async () => {
    await define(http, crd('Held'));
    const held = `/apis/${group}/v1/namespaces/default/helds`;
    const body = { apiVersion: `${group}/v1`, kind: 'Held', metadata: { name: 'x', finalizers: ['example.com/wait'] } };
    await http(held, { body });
    await http(`${crdsPath}/helds.${group}`, { method: 'DELETE' });
    await until(async () => (await http(`${held}/x`)).json.metadata?.deletionTimestamp !== undefined);
    const conditions = (await http(`${crdsPath}/helds.${group}`)).json.status.conditions;
    expect(conditions.at(-1)).toMatchObject({
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionInProgress',
    });
    const listed = (await http(`/apis/${group}/v1`)).json.resources.find((r: any) => r.name === 'helds');
    expect(listed.verbs).toEqual(['delete', 'deletecollection', 'get', 'list', 'watch']);
    const refused = await http(held, { body: { ...body, metadata: { name: 'y' } } });
    expect([refused.code, refused.json.message]).toEqual([
      405,
      'create not allowed while custom resource definition is terminating',
    ]);
    await http(`${held}/x`, {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: null } },
    });
    await until(async () => (await http(`${crdsPath}/helds.${group}`)).code === 404);
  });

  it('are told where their group needs approval', async () => {
    const definition = crd('Approved', {}, { group: 'test.k8s.io' });
    definition.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved, a test' };
    const made = await define(http, definition);
    expect(made.status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'KubernetesAPIApprovalPolicyConformant',
        status: 'False',
        reason: 'UnapprovedAnnotation',
        message: 'not approved: "unapproved, a test"',
      }),
    );
  });

  it('end the watches of a version that they serve no longer', async () => {
    const schema = { openAPIV3Schema: { type: 'object' } };
    const versions = [
      { name: 'v1', served: true, storage: true, schema },
      { name: 'v2', served: true, storage: false, schema },
    ];
    await define(http, crd('Twice', {}, { versions }));
    const at = (v: string) => `/apis/${group}/${v}/namespaces/default/twices`;
    const [one, two] = [watchOf(server, `${at('v1')}?watch=true`), watchOf(server, `${at('v2')}?watch=true`)];
    await http(at('v1'), { body: { apiVersion: `${group}/v1`, kind: 'Twice', metadata: { name: 'x' } } });
    await until(() => one.events.length === 1 && two.events.length === 1);
    expect(two.events[0].object.apiVersion).toBe(`${group}/v2`);
    const patched = [{ op: 'replace', path: '/spec/versions/1/served', value: false }];
    await http(`${crdsPath}/twices.${group}`, { method: 'PATCH', type: 'application/json-patch+json', body: patched });
    await two.done;
    await until(async () => (await http(at('v2'))).code === 404);
    await http(`${at('v1')}/x`, { method: 'DELETE' });
    await until(() => one.events.length === 2);
    one.close();
  });

  it('of a built-in kind change nothing of it', async () => {
    const definition = crd('CustomResourceDefinition', {}, { group: 'apiextensions.k8s.io' });
    definition.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved' };
    await define(http, definition);
    const name = 'customresourcedefinitions.apiextensions.k8s.io';
    await http(`${crdsPath}/${name}`, { method: 'DELETE' });
    await until(async () => (await http(`${crdsPath}/${name}`)).code === 404);
    expect((await http(`${crdsPath}/crontabs.${group}`)).code).toBe(200);
    expect((await http(path)).code).toBe(200);
  });

  it('are warned of formats that nobody checks', async () => {
    const schema = {
      type: 'object',
      properties: { a: { ...text, format: 'colour' }, b: { ...integer, format: 'int64' } },
    };
    const r = await http(crdsPath, { body: crd('Formed', { schema: { openAPIV3Schema: schema } }) });
    expect(r.warnings).toEqual(['unrecognized format "colour"']);
  });

  it('of a group version that is built in are established and not served; other versions of the group are', async () => {
    const definition = crd('Extra', {}, { group: 'apiextensions.k8s.io' });
    definition.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved, a test' };
    definition.spec.versions.push({ ...definition.spec.versions[0], name: 'v2', storage: false });
    await define(http, definition);
    const list = async (version: string) => (await http(`/apis/apiextensions.k8s.io/${version}`)).json.resources;
    await until(async () => (await list('v2'))?.[0]?.name === 'extras');
    expect((await list('v1')).map((r: any) => r.name)).not.toContain('extras');
    expect((await http('/apis/apiextensions.k8s.io/v1/namespaces/default/extras')).code).toBe(404);
    await http(`${crdsPath}/extras.apiextensions.k8s.io`, { method: 'DELETE' });
  });

  it('may be deprecated', async () => {
    await define(http, crd('Aged', { deprecated: true }));
    const r = await http(`/apis/${group}/v1/namespaces/default/ageds`);
    expect(r.warnings).toEqual([`${group}/v1 Aged is deprecated`]);
  });
});

describe('kubectl', () => {
  const newest = kubectls().at(-1);
  const run = async (...args: string[]) => {
    if (!newest) throw new Error(kubectlMissing);
    return (await promisify(execFile)(newest.path, ['--kubeconfig', server.kubeconfig, ...args])).stdout;
  };
  it('gets, explains, scales and applies', async () => {
    expect(await run('get', 'ct', 't')).toMatch(/^NAME\s+SPEC\s+PORT\s+AT\nt\s+\* \* \*\s+dns\s+\d+/);
    expect(await run('get', 'all', '-o', 'name')).toContain(`crontab.${group}/t`);
    expect(await run('explain', 'crontabs.spec.cronSpec')).toContain('When it runs.');
    await run('scale', 'crontab/t', '--replicas=4');
    expect((await http(`${path}/t`)).json.spec.replicas).toBe(4);
    expect(await run('get', 'crd', `crontabs.${group}`, '-o', 'name')).toContain(
      'customresourcedefinition.apiextensions.k8s.io/crontabs',
    );
    expect(await run('wait', '--for=condition=Established', `crd/crontabs.${group}`, '--timeout=5s')).toContain(
      'condition met',
    );
  });
});
