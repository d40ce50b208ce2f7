// What Secrets hold and what tokens are stands in no log line, no refusal, no warning, no metric and no record of the journal.
// Every verb with good and wrong bodies, at the highest verbosity, on a server in a process of its own.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../kit/apiServer.ts';
import { type Ask, type Http, httpTo, type Reply } from '../kit/http.ts';

const canary = 'cAnary0f5ecrets';
const base64 = (text: string) => Buffer.from(text).toString('base64');
/** As it is, and as it would look in base64 at any offset, in hexadecimal and in bytes of a list. */
const forms = [
  canary,
  ...['', 'x', 'xy'].map((before) => base64(before + canary).slice(4, -4)),
  Buffer.from(canary).toString('hex').slice(2, -2),
  [...Buffer.from(canary)].join(','),
];
const shown = (text: string) => forms.filter((form) => text.includes(form));

let logged = '';
let server: TestApiServer;
let http: Http & { close(): void };
beforeAll(async () => {
  server = await startTestApiServer({
    process: true,
    flags: ['--v=4', '--feature-gates=CBORServingAndStorage=true'],
    onLog: (text) => {
      logged += text;
    },
  });
  http = httpTo(server);
});
afterAll(async () => {
  http?.close();
  await server?.stop();
});

const secrets = '/api/v1/namespaces/default/secrets';
const secret = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  data: { password: base64(canary) },
  ...more,
});

/** Bodies that no Secret is. */
const wrong: readonly [type: string, body: string | Buffer][] = [
  ['application/json', canary],
  ['application/json', `"${canary}"`],
  ['application/json', `{"data":"${canary}"`],
  ['application/json', `{"data":{"${canary}`],
  ['application/json', `{"${canary}":{"p":"${base64(canary)}"}`],
  ['application/json', JSON.stringify(secret('w', { data: { password: canary } }))],
  ['application/json', JSON.stringify(secret('w', { data: canary }))],
  ['application/json', JSON.stringify(secret('w', { data: [canary] }))],
  ['application/json', JSON.stringify(secret('w', { stringData: { a: [canary] } }))],
  ['application/json', JSON.stringify(secret('w', { immutable: canary }))],
  [
    'application/json',
    JSON.stringify(
      secret('w', { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64(canary) } }),
    ),
  ],
  [
    'application/json',
    JSON.stringify(
      secret('w', { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64(`{"auth":"${canary}`) } }),
    ),
  ],
  ['application/json', JSON.stringify(secret('w', { type: 'kubernetes.io/tls' }))],
  ['application/json', JSON.stringify(secret('w', { data: { 'no key': base64(canary) } }))],
  ['application/json', JSON.stringify(secret('W W', { stringData: { password: canary } }))],
  ['application/json', JSON.stringify(secret('w', { data: { big: base64(canary.repeat(80_000)) } }))],
  ['application/json', JSON.stringify(secret('w', { apiVersion: 'v2' }))],
  ['application/json', JSON.stringify(secret('w', { kind: 'ConfigMap' }))],
  ['application/yaml', `data: ${canary}`],
  ['application/yaml', `data:\n  password: ${canary}\n password: [`],
  ['application/yaml', `stringData: {password: "${canary}`],
  ['application/yaml', `stringData: {a: *there, b: ${canary}}`],
  ['application/yaml', `stringData:\n  a: !!binary ${canary}\n\t- x`],
  ['application/vnd.kubernetes.protobuf', Buffer.from(`k8s\0${canary}`)],
  ['application/vnd.kubernetes.protobuf', canary],
  ['application/cbor', Buffer.from(canary)],
  ['text/plain', canary],
];

const patches: readonly [type: string, body: string][] = [
  ['application/merge-patch+json', `{"data":{"password":"${canary}"}}`],
  ['application/merge-patch+json', `{"data":"${canary}"}`],
  ['application/merge-patch+json', `{"data":{"password":"${canary}`],
  ['application/strategic-merge-patch+json', `{"data":{"$patch":"x","password":"${canary}"}}`],
  ['application/strategic-merge-patch+json', `{"data":["${canary}"]}`],
  ['application/json-patch+json', `[{"op":"test","path":"/data/password","value":"${canary}"}]`],
  ['application/json-patch+json', `[{"op":"add","path":"/data/x/y","value":"${canary}"}]`],
  ['application/json-patch+json', `[{"op":"replace","path":"/data","value":"${canary}"}]`],
  ['application/json-patch+json', `[{"op":"${canary.slice(1)}","path":"/data"`],
  ['application/apply-patch+yaml', `apiVersion: v1\nkind: Secret\ndata: {password: ${canary}}`],
  ['application/apply-patch+yaml', `apiVersion: v1\nkind: Secret\ndata: "${canary}`],
  ['application/apply-patch+yaml', JSON.stringify(secret('there', { data: { password: base64(`x${canary}`) } }))],
];

/** What a refusal and any answer's warnings must not say. */
function told(reply: Reply): string[] {
  const warnings = shown(reply.warnings.join());
  return reply.code >= 400 ? [...warnings, ...shown(reply.text)] : warnings;
}

async function refusals(asks: readonly [path: string, ask: Ask][]): Promise<string[]> {
  const found: string[] = [];
  for (const [path, ask] of asks) {
    const reply = await http(path, ask);
    if (told(reply).length)
      found.push(`${ask.method ?? ''} ${ask.type} ${String(ask.body)} → ${reply.code} ${reply.text} ${reply.warnings}`);
  }
  return found;
}

it('no refusal of a Secret tells what it holds', async () => {
  for (const more of [{}, { immutable: true }]) {
    const name = 'immutable' in more ? 'fixed' : 'there';
    expect((await http(secrets, { body: secret(name, more) })).code).toBe(201);
  }
  const fixed = { method: 'PUT', body: secret('fixed', { immutable: true, data: { password: base64(`${canary}2`) } }) };
  expect((await http(`${secrets}/fixed`, fixed)).code).toBe(422);
  const asks: [string, Ask][] = [
    [secrets, { body: secret('there') }],
    [`${secrets}/fixed`, fixed],
    [`${secrets}/there`, { method: 'PUT', body: secret('there', { type: 'other' }) }],
    [
      `${secrets}/there`,
      { method: 'PUT', body: secret('there', { metadata: { name: 'there', resourceVersion: '1' } }) },
    ],
    [`${secrets}?fieldValidation=Strict`, { body: secret('s', { dada: { password: canary } }) }],
    [`${secrets}?fieldValidation=Warn`, { body: secret('s2', { dada: { password: canary } }) }],
  ];
  for (const [type, body] of wrong)
    asks.push([secrets, { method: 'POST', type, body }], [`${secrets}/there`, { method: 'PUT', type, body }]);
  for (const [type, body] of patches)
    for (const at of ['there', 'fixed', 'absent'])
      asks.push([`${secrets}/${at}?fieldManager=other`, { method: 'PATCH', type, body }]);
  expect(await refusals(asks)).toEqual([]);
});

it('no refusal tells a token', async () => {
  const authentication = '/apis/authentication.k8s.io/v1';
  const bearer = (token: string): Ask => ({ headers: { authorization: `Bearer ${token}` } });
  const jwt = [
    { alg: 'RS256', kid: 'x' },
    { iss: 'https://kubernetes.default.svc', sub: canary },
  ]
    .map((part) => base64(JSON.stringify(part)))
    .join('.');
  const review = (spec: unknown): Ask => ({
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec },
  });
  const asks: [string, Ask][] = [
    ['/api/v1/pods', bearer(canary)],
    ['/api/v1/pods', bearer(`${jwt}.${canary}`)],
    ['/api/v1/pods', { headers: { authorization: `Basic ${base64(`admin:${canary}`)}` } }],
    [`${authentication}/tokenreviews`, review({ token: [canary] })],
    [`${authentication}/tokenreviews`, review(canary)],
    [`${authentication}/tokenreviews`, { type: 'application/json', body: `{"spec":{"token":"${canary}` }],
    [`${authentication}/tokenreviews`, { type: 'application/yaml', body: `spec: {token: ${canary}` }],
  ];
  expect(await refusals(asks)).toEqual([]);
  const reviewed = await http(`${authentication}/tokenreviews`, review({ token: `${jwt}.${canary}` }));
  expect(reviewed.json.status.authenticated ?? false).toBe(false);
  expect(shown(JSON.stringify(reviewed.json.status))).toEqual([]);
});

it('nor does anything else that the server writes', async () => {
  const made = await http(secrets, { body: secret('last') });
  expect(shown(made.text)).not.toEqual([]);
  await http(`${secrets}/last`, { method: 'DELETE' });
  const journal = await http('/apis/trace.mini-k8s.io/v1/writes');
  expect(journal.json.items.some((w: any) => w.resource === 'secrets')).toBe(true);
  expect(shown(journal.text)).toEqual([]);
  expect(shown((await http('/metrics')).text)).toEqual([]);
  expect(shown(logged)).toEqual([]);
});
