// Rows of flow control and of the objects that configure admission: their CRUD, discovery and the compilation of their CEL.
// Rows in which a webhook is called or a policy evaluated are named in leftOut.ts. See ../row.ts for how to read one.
import assert from 'node:assert/strict';
import { course, discovered, statusConditions } from '../course.ts';
import { refused } from '../harness/apiError.ts';
import { grew } from '../harness/check.ts';
import type { Context } from '../harness/context.ts';
import { type Row, row } from '../row.ts';

const flow = 'flowcontrol.apiserver.k8s.io/v1';
const admission = 'admissionregistration.k8s.io/v1';

export const admissionRows: Row[] = [
  row('api.apf.flowschema-crud', (c) =>
    crud(c, flow, 'FlowSchema', 'e2e-example-fs-', {
      spec: {
        matchingPrecedence: 10000,
        priorityLevelConfiguration: { name: 'global-default' },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
      patch: { spec: { matchingPrecedence: 9999 } },
      update: { spec: { matchingPrecedence: 9000 } },
      status: short,
    }),
  ),
  row('api.apf.prioritylevel-crud', (c) =>
    crud(c, flow, 'PriorityLevelConfiguration', 'e2e-example-pl-', {
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
      patch: { spec: { limited: { nominalConcurrencyShares: 4 } } },
      update: { spec: { limited: { nominalConcurrencyShares: 6 } } },
      status: short,
    }),
  ),
  row('api.webhook.discovery', (c) =>
    discovered(c, admission, ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']),
  ),
  row('api.webhook.matchconditions-validating', (c) => matchConditions(c, 'ValidatingWebhookConfiguration')),
  row('api.webhook.matchconditions-mutating', (c) => matchConditions(c, 'MutatingWebhookConfiguration')),
  row('api.webhook.matchconditions-validating-invalid', (c) => badCondition(c, 'ValidatingWebhookConfiguration')),
  row('api.webhook.matchconditions-mutating-invalid', (c) => badCondition(c, 'MutatingWebhookConfiguration')),
  row('api.vap.policy-crud', (c) =>
    crud(c, admission, 'ValidatingAdmissionPolicy', 'e2e-example-vap-', {
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] },
          ],
        },
        validations: [{ expression: 'object.spec.replicas <= 100' }],
      },
      patch: { spec: { failurePolicy: 'Ignore' } },
      update: { spec: { failurePolicy: 'Fail' } },
      status: long,
      mayLinger: true,
    }),
  ),
  row('api.vap.binding-crud', (c) =>
    crud(c, admission, 'ValidatingAdmissionPolicyBinding', 'e2e-example-vapb-', {
      spec: { policyName: 'does-not-exist.example.com', validationActions: ['Deny'] },
      patch: { spec: { validationActions: ['Warn'] } },
      update: { spec: { validationActions: ['Deny'] } },
      mayLinger: true,
    }),
  ),
];

const short = (type: string) => ({ type, status: 'False', reason: 'E2E' });
const long = (type: string) => ({
  ...short(type),
  message: 'Set from an e2e test',
  lastTransitionTime: '2024-05-06T07:08:09Z',
});

interface Crud {
  spec: object;
  patch: { spec: any };
  update: { spec: any };
  /** A condition in the form that the row sends; absent: no /status. */
  status?: (type: string) => object;
  mayLinger?: boolean;
}

async function crud(c: Context, apiVersion: string, kind: string, generateName: string, o: Crud): Promise<void> {
  const label = c.unique();
  const r = c.of(apiVersion, kind);
  const dyn = c.dyn(apiVersion, kind);
  const body = { metadata: { generateName, labels: { 'special-label': label } }, spec: o.spec };
  const merge = (into: any, from: any) => {
    for (const [key, value] of Object.entries<any>(from))
      if (value !== null && typeof value === 'object' && !Array.isArray(value)) merge(into[key], value);
      else into[key] = value;
  };
  await course(c, {
    r,
    dyn,
    subresources: o.status ? [`${r.plural}/status`] : [],
    bodies: [body, body, body],
    labelSelector: `special-label=${label}`,
    patch: o.patch,
    update: { change: (object) => merge(object.spec, o.update.spec), holds: o.update },
    mayLinger: o.mayLinger,
    ...(o.status && {
      status: ({ metadata }: any) =>
        statusConditions({ r, dyn }, metadata.name, o.status!('PatchStatusFailed'), o.status!('StatusUpdateFailed')),
    }),
  });
}

const configuration = (c: Context, matchConditions: object[]) => ({
  metadata: { name: c.unique('match-conditions-') },
  webhooks: [
    {
      name: 'match-condition.k8s.io',
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], scope: '*' }],
      // Nothing may call it: the namespace that it selects does not exist.
      namespaceSelector: { matchLabels: { [c.unique('none-')]: 'true' } },
      clientConfig: { service: { namespace: 'default', name: 'e2e-test-webhook', path: '/always-deny', port: 8443 } },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      matchConditions,
    },
  ],
});

/** They come back as they were sent, in order; one more is there after a PUT. */
async function matchConditions(c: Context, kind: string): Promise<void> {
  const r = c.of(admission, kind);
  const first = [{ name: 'expression-1', expression: "object.metadata.namespace == 'production'" }];
  const made = c.mine(r, await r.create(configuration(c, first)));
  assert.deepEqual((await r.get(made.metadata.name)).webhooks[0].matchConditions, first);
  const both = [...first, { name: 'expression-2', expression: "object.metadata.namespace == 'staging'" }];
  const updated = await r.change(made.metadata.name, (object) => {
    object.webhooks[0].matchConditions = both;
  });
  grew(made, updated);
  assert.deepEqual((await r.get(made.metadata.name)).webhooks[0].matchConditions, both);
}

const badCondition = async (c: Context, kind: string): Promise<void> =>
  void (await refused(
    c.of(admission, kind).create(configuration(c, [{ name: 'bad', expression: '... [] bad expression' }])),
    { code: 422, reason: 'Invalid', texts: ['compilation failed'] },
  ));
