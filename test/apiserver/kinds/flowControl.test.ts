import { expect, test } from 'vitest';
import {
  mandatoryLevels,
  mandatorySchemas,
  suggestedLevels,
  suggestedSchemas,
} from '../../../apiserver/kinds/flowControl/bootstrapObjects.ts';
import { flowSchema } from '../../../apiserver/kinds/flowSchema.ts';
import { priorityLevelConfiguration as level } from '../../../apiserver/kinds/priorityLevelConfiguration.ts';
import { cells, created, made, texts, updated } from './said.ts';

test('what every server has keeps every rule', () => {
  for (const { metadata, spec } of [...mandatorySchemas, ...suggestedSchemas])
    expect(created(flowSchema, made(flowSchema, { spec }, metadata))).toEqual([]);
  for (const { metadata, spec } of [...mandatoryLevels, ...suggestedLevels]) {
    const object = made(level, { spec }, metadata);
    expect([object.spec, created(level, object)]).toEqual([spec, []]);
  }
});

const user = { kind: 'User', user: { name: 'jane' } };
const paths = { verbs: ['*'], nonResourceURLs: ['*'] };
const resources = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['default'] };
const schema = (spec: any = {}, metadata: any = {}) =>
  made(flowSchema, { spec: { priorityLevelConfiguration: { name: 'a' }, ...spec } }, metadata);
const rule = (fields: any) => ({ rules: [{ subjects: [user], nonResourceRules: [paths], ...fields }] });
const subject = (fields: any) => rule({ subjects: [fields] });
const path = (fields: any) => rule({ nonResourceRules: [{ ...paths, ...fields }] });
const resource = (fields: any) => rule({ resourceRules: [{ ...resources, ...fields }] });
const at = 'spec.rules[0]';
const verbs = '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"';
test.each<[string, any, string[]]>([
  ['no rules', {}, []],
  ['a user', rule({ resourceRules: [resources] }), []],
  ['an account', subject({ kind: 'ServiceAccount', serviceAccount: { namespace: 'a', name: '*' } }), []],
  ['a group', subject({ kind: 'Group', group: { name: '*' } }), []],
  ['paths', path({ verbs: ['get', 'list'], nonResourceURLs: ['/', '/api', '/apis/*'] }), []],
  ['all resources', resource({ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }), []],
  ['of the cluster', resource({ clusterScope: true, namespaces: undefined }), []],
  ['precedence', { matchingPrecedence: -1 }, ['spec.matchingPrecedence: Invalid value: -1: must be a positive value']],
  [
    'high precedence',
    { matchingPrecedence: 10_001 },
    ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
  ],
  [
    'the first',
    { matchingPrecedence: 1 },
    ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
  ],
  [
    'method',
    { distinguisherMethod: { type: 'ByAge' } },
    ['spec.distinguisherMethod.type: Unsupported value: {"Type":"ByAge"}: supported values: "ByNamespace", "ByUser"'],
  ],
  [
    'no level',
    { priorityLevelConfiguration: {} },
    ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
  ],
  [
    'level',
    { priorityLevelConfiguration: { name: 'A' } },
    [
      expect.stringMatching(
        /^spec.priorityLevelConfiguration.name: Invalid value: "A": a lowercase RFC 1123 subdomain/,
      ) as any,
    ],
  ],
  ['nobody', rule({ subjects: [] }), [`${at}.subjects: Required value: subjects must contain at least one value`]],
  [
    'nothing',
    rule({ nonResourceRules: [] }),
    [`${at}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`],
  ],
  [
    'odd subject',
    subject({ kind: 'Robot' }),
    [`${at}.subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`],
  ],
  [
    'a user that is a group',
    subject({ kind: 'User', group: { name: 'a' } }),
    [
      `${at}.subjects[0].user: Required value: user is required when subject kind is 'User'`,
      `${at}.subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'`,
    ],
  ],
  [
    'a user of no name',
    subject({ kind: 'User', user: {}, serviceAccount: { name: 'a' } }),
    [
      `${at}.subjects[0].user.name: Required value`,
      `${at}.subjects[0].serviceAccount: Forbidden: serviceAccount is forbidden when subject kind is not 'ServiceAccount'`,
    ],
  ],
  [
    'an account of no name',
    subject({ kind: 'ServiceAccount', serviceAccount: {}, user: { name: 'a' } }),
    [
      `${at}.subjects[0].serviceAccount.name: Required value`,
      `${at}.subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account`,
      `${at}.subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'`,
    ],
  ],
  [
    'an account of a bad name',
    subject({ kind: 'ServiceAccount', serviceAccount: { name: 'A', namespace: 'B' } }),
    [
      expect.stringMatching(/serviceAccount.name: Invalid value: "A": a lowercase RFC 1123 subdomain/) as any,
      expect.stringMatching(/serviceAccount.namespace: Invalid value: "B": a lowercase RFC 1123 label/) as any,
    ],
  ],
  ['a group of no name', subject({ kind: 'Group', group: {} }), [`${at}.subjects[0].group.name: Required value`]],
  [
    'no verbs',
    path({ verbs: [] }),
    [`${at}.nonResourceRules[0].verbs: Required value: verbs must contain at least one value`],
  ],
  [
    'all verbs and one',
    path({ verbs: ['*', 'get'] }),
    [`${at}.nonResourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`],
  ],
  [
    'odd verb',
    path({ verbs: ['feed'] }),
    [`${at}.nonResourceRules[0].verbs: Unsupported value: ["feed"]: supported values: ${verbs}`],
  ],
  [
    'no paths',
    path({ nonResourceURLs: [] }),
    [`${at}.nonResourceRules[0].nonResourceURLs: Required value: nonResourceURLs must contain at least one value`],
  ],
  [
    'all paths and one',
    path({ nonResourceURLs: ['*', '/a'] }),
    [
      `${at}.nonResourceRules[0].nonResourceURLs: Invalid value: ["*","/a"]: if '*' is present, must not specify other non-resource URLs`,
    ],
  ],
  [
    'odd paths',
    path({ nonResourceURLs: ['', 'a', '/a b', '/a//b', '/a/*/b', '/a*'] }),
    [
      `${at}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "": must not be empty`,
      `${at}.nonResourceRules[0].nonResourceURLs[1]: Invalid value: "a": must start with slash`,
      `${at}.nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a b": must not contain white-space`,
      `${at}.nonResourceRules[0].nonResourceURLs[3]: Invalid value: "/a//b": must not contain double slash`,
      `${at}.nonResourceRules[0].nonResourceURLs[4]: Invalid value: "/a/*/b": wildcard can only do suffix matching`,
      `${at}.nonResourceRules[0].nonResourceURLs[5]: Invalid value: "/a*": wildcard can only do suffix matching`,
    ],
  ],
  [
    'nothing of a resource',
    rule({ resourceRules: [{}] }),
    [
      `${at}.resourceRules[0].verbs: Required value: verbs must contain at least one value`,
      `${at}.resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group`,
      `${at}.resourceRules[0].resources: Required value: resource rules must supply at least one resource`,
      `${at}.resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
    ],
  ],
  [
    'all and one',
    resource({ apiGroups: ['*', ''], resources: ['*', 'a'], namespaces: ['*', 'a'] }),
    [
      `${at}.resourceRules[0].apiGroups: Invalid value: ["*",""]: if '*' is present, must not specify other api groups`,
      `${at}.resourceRules[0].resources: Invalid value: ["*","a"]: if '*' is present, must not specify other resources`,
      `${at}.resourceRules[0].namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces`,
    ],
  ],
  [
    'namespace',
    resource({ namespaces: ['A'] }),
    [
      expect.stringMatching(
        /namespaces\[0\]: Invalid value: "A": each member of this list must be '\*' or a DNS-1123 label; a lower/,
      ) as any,
    ],
  ],
])('FlowSchema: %s', (_what, spec, expected) => {
  expect(created(flowSchema, schema(spec))).toEqual(expected);
});

test('FlowSchema: defaults, the fixed ones, columns', () => {
  expect(schema().spec.matchingPrecedence).toBe(1000);
  const { metadata, spec } = mandatorySchemas[1]!;
  const changed = made(flowSchema, { spec: { ...spec, matchingPrecedence: 9000 } }, metadata);
  expect(updated(flowSchema, changed, made(flowSchema, { spec }, metadata))).toEqual([
    expect.stringMatching(
      /^spec: Invalid value: {"PriorityLevelConfiguration":{"Name":"catch-all"},"MatchingPrecedence":9000,.*: spec of 'catch-all' must equal the fixed value$/,
    ),
  ]);
  expect(cells(flowSchema, schema())).toMatchObject({
    PriorityLevel: 'a',
    MatchingPrecedence: 1000,
    DistinguisherMethod: '<none>',
    MissingPL: '?',
  });
});

test('status: conditions have types of their own; nothing else changes', () => {
  const status = flowSchema.subresources![0]!;
  const now = schema({ matchingPrecedence: 5 }, { labels: { a: 'b' } });
  now.status = { conditions: [{ type: 'A' }, { type: 'A' }, {}] };
  expect(texts(status.validateUpdate!(now, schema()))).toEqual([
    'status.conditions[1].type: Duplicate value: "A"',
    'status.conditions[2].type: Required value: must not be empty',
  ]);
  const old = schema();
  status.keep!(now, old);
  expect([now.spec, now.metadata.labels, now.status.conditions.length]).toEqual([old.spec, undefined, 3]);
});

const queuing = { queues: 64, handSize: 6, queueLengthLimit: 50 };
const of = (spec: any = {}, name = 'x') => made(level, { spec: { type: 'Limited', ...spec } }, { name });
const limited = (fields: any = {}) => ({ limited: { limitResponse: { type: 'Reject' }, ...fields } });
const queue = (fields: any) => limited({ limitResponse: { type: 'Queue', queuing: { ...queuing, ...fields } } });
test.each<[string, any, string[]]>([
  ['rejecting', limited(), []],
  ['no shares', limited({ nominalConcurrencyShares: 0 }), []],
  ['queuing', queue({}), []],
  ['queuing with defaults', queue({ queues: 0, handSize: 0, queueLengthLimit: 0 }), []],
  [
    'exempt',
    { type: 'Exempt' },
    ["spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'"],
  ],
  ['of no type', { type: '' }, ['spec.type: Unsupported value: "": supported values: "Exempt", "Limited"']],
  [
    'of no limit',
    { exempt: {} },
    [
      'spec.exempt: Forbidden: must be nil if the type is Limited',
      'spec.limited: Required value: must not be empty when type is Limited',
    ],
  ],
  [
    'shares',
    limited({ nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 }),
    [
      'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    ],
  ],
  [
    'no answer',
    limited({ limitResponse: {} }),
    ['spec.limited.limitResponse.type: Unsupported value: "": supported values: "Queue", "Reject"'],
  ],
  [
    'rejecting in queues',
    limited({ limitResponse: { type: 'Reject', queuing } }),
    ['spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited'],
  ],
  [
    'queuing without queues',
    limited({ limitResponse: { type: 'Queue' } }),
    ['spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited'],
  ],
  [
    'negative',
    queue({ queues: -1, handSize: -1, queueLengthLimit: -1 }),
    [
      'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
      'spec.limited.limitResponse.queuing.queues: Invalid value: -1: must be positive',
      'spec.limited.limitResponse.queuing.handSize: Invalid value: -1: must be positive',
    ],
  ],
  [
    'many queues',
    queue({ queues: 10_000_001, handSize: 1 }),
    ['spec.limited.limitResponse.queuing.queues: Invalid value: 10000001: must not be greater than 10000000'],
  ],
  [
    'a large hand',
    queue({ handSize: 65 }),
    ['spec.limited.limitResponse.queuing.handSize: Invalid value: 65: should not be greater than queues (64)'],
  ],
  [
    'too many hands',
    queue({ queues: 128, handSize: 9 }),
    [
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 9: required entropy bits of deckSize 128 and handSize 9 should not be greater than 60',
    ],
  ],
])('PriorityLevelConfiguration: %s', (_what, spec, expected) => {
  expect(created(level, of(spec))).toEqual(expected);
});

test('PriorityLevelConfiguration: the exempt one, the fixed ones, defaults, columns', () => {
  const exempt = (spec: any) => created(level, made(level, { spec }, { name: 'exempt' }));
  expect(exempt({ type: 'Exempt', exempt: { nominalConcurrencyShares: 7, lendablePercent: 10 } })).toEqual([]);
  expect(exempt({ type: 'Exempt', exempt: { nominalConcurrencyShares: -1, lendablePercent: -1 } })).toEqual([
    'spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
    'spec.exempt.lendablePercent: Invalid value: -1: must be between 0 and 100, inclusive',
  ]);
  expect(exempt({ type: 'Exempt', ...limited() })).toEqual([
    'spec.limited: Forbidden: must be nil if the type is not Limited',
    expect.stringMatching(/spec of 'exempt' except the 'spec.exempt' field must equal the fixed value$/),
  ]);
  expect(created(level, of(limited({ nominalConcurrencyShares: 6 }), 'catch-all'))).toEqual([
    'spec: Invalid value: {"Type":"Limited","Limited":{"NominalConcurrencyShares":6,"LimitResponse":{"Type":"Reject","Queuing":null},"LendablePercent":0,"BorrowingLimitPercent":null},"Exempt":null}: spec of \'catch-all\' must equal the fixed value',
  ]);
  expect(of(limited()).spec.limited).toEqual({
    limitResponse: { type: 'Reject' },
    nominalConcurrencyShares: 30,
    lendablePercent: 0,
  });
  expect(cells(level, of(queue({})))).toMatchObject({ NominalConcurrencyShares: 30, Queues: 64, HandSize: 6 });
  expect(cells(level, of(limited()))).toMatchObject({ Type: 'Limited', QueueLengthLimit: '<none>' });
});
