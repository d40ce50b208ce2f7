// Rows of OpenAPI for custom resources in which kubectl validates, creates, applies and explains by what the server publishes.
// See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { type Crd, preserving } from '../crd.ts';
import { type Context, skip } from '../harness/context.ts';
import type { Ran } from '../harness/kubectl.ts';
import { type Row, row } from '../row.ts';
import { foo, publish, published } from './openApi.ts';

type Kubectl = (command: string, input?: object) => Promise<Ran>;

export const openApiKubectlRows: Row[] = [
  row('api.openapi.validation-schema', async (c) => {
    const crd = await publish(c, 'foo', ['v1']);
    await published(c, crd, 'v1');
    const kubectl = await kubectlOf(c);
    const object = (spec: object) => ({ ...head(crd), spec });
    const valid = object({ bars: [{ name: 'test-bar' }] });
    await roundTrip(kubectl, valid);
    const bad: [string, object, RegExp][] = [
      [
        'create',
        object({ bars: [{ name: 'test-bar', feeling: 'NonExistentValue' }] }),
        /Unsupported value: "NonExistentValue"/,
      ],
      ['create', object({ foo: true }), /unknown field "(spec\.)?foo"/],
      ['apply', object({ foo: true }), /unknown field "(spec\.)?foo"/],
      ['create', object({ bars: [{ age: '10' }] }), /spec\.bars\[0\]\.name: Required value/],
      ['apply', object({ bars: [{ age: '10' }] }), /spec\.bars\[0\]\.name: Required value/],
    ];
    for (const [command, input, text] of bad) {
      const ran = await kubectl(`${command} -f -`, input);
      assert.notEqual(ran.code, 0, `${command} ${JSON.stringify(input)}`);
      assert.match(ran.stderr, text);
    }
    const explained = async (path: string, ...texts: RegExp[]) => {
      const ran = passed(await kubectl(`explain ${crd.plural}${path}`));
      for (const text of texts) assert.match(ran.stdout, text, `explain ${path}`);
    };
    await explained(
      '',
      /DESCRIPTION:\n\s+Foo CRD for Testing/,
      /FIELDS:/,
      /apiVersion\s+<string>/,
      /APIVersion defines/,
      /kind\s+<string>/,
      /metadata\s+<Object(Meta)?>/,
      /Standard object's metadata/,
      /spec\s+<Object>/,
      /Specification of Foo/,
    );
    await explained(
      '.metadata',
      /DESCRIPTION:/,
      /Standard object's metadata/,
      /FIELDS:/,
      /creationTimestamp\s+<string>/,
      /CreationTimestamp is a timestamp/,
    );
    await explained(
      '.spec',
      /DESCRIPTION:\n\s+Specification of Foo/,
      /FIELDS:/,
      /bars\s+<\[\]Object>/,
      /List of Bars and their specs/,
    );
    await explained(
      '.spec.bars',
      /DESCRIPTION:\n\s+List of Bars and their specs/,
      /FIELDS:/,
      /bazs\s+<\[\]string>/,
      /List of Bazs/,
      /name\s+<string>/,
      /Name of Bar/,
    );
    const missing = await kubectl(`explain ${crd.plural}.spec.bars2`);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /field "bars2" does not exist/);
  }),
  row('api.openapi.no-schema', async (c) => {
    const crd = await publish(c, 'empty', ['v1'], preserving);
    await published(c, crd, 'v1', { type: 'object' });
    const kubectl = await kubectlOf(c);
    await roundTrip(kubectl, { ...head(crd), a: { b: [{ c: 'd' }] } });
    assert.match(passed(await kubectl(`explain ${crd.plural}`)).stdout, /DESCRIPTION:\n\s+<empty>/);
  }),
  row('api.openapi.preserve-root', async (c) => {
    const crd = await publish(c, 'unknown-at-root', ['v1'], { ...foo, ...preserving });
    await published(c, crd, 'v1', null);
    const kubectl = await kubectlOf(c);
    await roundTrip(kubectl, { ...head(crd), a: { b: [{ c: 'd' }] } });
    assert.match(passed(await kubectl(`explain ${crd.plural}`)).stdout, new RegExp(`KIND:\\s+${crd.kind}`));
  }),
  row('api.openapi.preserve-nested', async (c) => {
    const description = 'preserve-unknown-properties in nested field for Testing';
    const schema = { description, type: 'object', properties: { spec: { ...preserving }, status: { ...preserving } } };
    const crd = await publish(c, 'unknown-in-nested', ['v1'], schema);
    await published(c, crd, 'v1', null);
    const kubectl = await kubectlOf(c);
    await roundTrip(kubectl, { ...head(crd), spec: { a: null, b: [{ c: 'd' }] } });
    assert.match(passed(await kubectl(`explain ${crd.plural}`)).stdout, new RegExp(`DESCRIPTION:\\s+${description}`));
  }),
];

const head = (crd: Crd) => ({ apiVersion: crd.apiVersion, kind: crd.kind, metadata: { name: 'test-cr' } });

async function kubectlOf(c: Context): Promise<Kubectl> {
  if (!c.kubectl) skip('there is no kubectl on this machine');
  const namespace = await c.namespace();
  return (command, input) => c.kubectl!(command.split(' '), namespace, input && JSON.stringify(input));
}

function passed(ran: Ran): Ran {
  assert.equal(ran.code, 0, ran.stderr);
  return ran;
}

/** create, delete, apply, delete all pass and say what they did. */
async function roundTrip(kubectl: Kubectl, object: any): Promise<void> {
  for (const [command, said] of [
    ['create -f -', 'created'],
    ['delete', 'deleted'],
    ['apply -f -', 'created'],
    ['delete', 'deleted'],
  ] as const) {
    const { apiVersion, kind } = object;
    const [group] = apiVersion.split('/');
    const ran =
      command === 'delete' ? await kubectl(`delete ${kind}s.${group} test-cr`) : await kubectl(command, object);
    assert.match(passed(ran).stdout, new RegExp(said));
  }
}
