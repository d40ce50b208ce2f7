// Requests and a certificate as openssl makes them, the bodies of their PEM blocks.
import { expect, test } from 'vitest';
import { certificateError, requestError } from '../../../apiserver/kinds/certificateRequest/pem.ts';
import { certificateSigningRequest as csr } from '../../../apiserver/kinds/certificateSigningRequest.ts';
import type { Context } from '../../../apiserver/kinds/kind.ts';
import { cells, created, made, texts, updated } from './said.ts';

const ecRequest =
  'MIHJMHECAQAwDzENMAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJ293/nEwLcKxRyoShemlc+hGvt3KZ5m' +
  'byYehhS+V40oq1NKKyhL30RD8EPUOl1Sihd31ZwJWZTAhR9RZHu82pmgADAKBggqhkjOPQQDAgNIADBFAiEA4zAsuQYlvHNY1/lZ' +
  '07FuMeXaO9UMLEqcodPdnZLjdn4CIDHuxWjQgA9J47evHXpTelnRIYX+0weV3xz6e3Bdagxr';
const edRequest =
  'MIGOMEICAQAwDzENMAsGA1UEAwwEamFuZTAqMAUGAytlcAMhAGP5XeepPIKMnNjJ2AEQWEsZpmC35ZR+MbpxZy+y2BRLoAAwBQYD' +
  'K2VwA0EA2cOAM2PYNvCkiBjNgnleUrTdwjeDt5QcPAIujlQUwO6MF/7/SPauWRQM/PvsvT2ilMxeWDzWhUhHX6XzgMAjDA==';
const rsaRequest =
  'MIICVDCCATwCAQAwDzENMAsGA1UEAwwEamFuZTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKWtT1gnt3M7DnbEnnl8' +
  'oCx51JfdFYT6lpT8ElASg//x24H0knmvu9jDxLqsg7SR1hI4lT4S+P2EX0omSaayyZ7yAUNPM0f87NwVLnTmEqj5uOBqQAg+xHH2' +
  'p3hJEYXReVVULx7QY/noeS6cz987OzIzpj/pku7z1HNjoS69l7qU/NgTDjBIuQvNuZ8YjgSfnXhGTMXwu2ss6rYCP/gS/9hn9J3J' +
  'bY3yxvlASLUmouu/6FPGW0WWekGGu+7/pdoPOMVxFhl46BZnII8nYancV0dIzJxxxlyPDo/lAn+Y+WGqZaj17OfRtuhHaoFgqdyP' +
  'XH+5xTZB6K/+N4x7mh5LC7MCAwEAAaAAMA0GCSqGSIb3DQEBCwUAA4IBAQAvQ39/KsOS23HM/4rgczRlMpBkJhVDZuOv7K5sUTl+' +
  'R6H5fFsX1xHxzSYkkwddCX31JUzWs7olXcvyDUvg+PTg/CMjZZCoUHNUd2TaHCqdUPkYXWvA+DqLeifpEQGixBpccxIWUZOY3GH1' +
  'wzIF/UUg5WC9NHA+F0GsmfivH8HTFdDtMaL5xCrprNB3QO6JLed/PUiy15chARcmIpRBKhkV5ohkao/66EZTs7y28ffA4z9UcbWO' +
  'FWpOILApjBVhPQ6gr3kI6Mys41E6GGtwSGzTdhb978vVIZKmNeoskOiQl9tPx7a7WV9jK1ofAXnv89KY/t/UnEQ+CYzcERvvC9LH';
const sha1Request =
  'MIIBTjCBuAIBADAPMQ0wCwYDVQQDDARqYW5lMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDKFdvlGxjnelcY4ABsWF9sHRv/e96x' +
  'nXiL0qnHJhY5iPwMPlHK0hWJKu/ak9fpMp+w6EWRzthkX9ReMUr15CvJ5U87aB2SwwAhRDOsPe4vawwxVgy/mGjHwSHyC2HcoaAlth4W' +
  '+3JKpyoKNsYl24vsw0vjkvisMB0O4J+rKb34swIDAQABoAAwDQYJKoZIhvcNAQEFBQADgYEAbW1tkqfut+Yv5N/0Jau/okVUDajRiBHs' +
  'c4seLX4tazE86Kkmd4Mm1Mbu6u+0AkU5eP2Gvx8hXySa3+XAOcPkaCHt6sEroV97d8RiUJPSzh+D7kFKo8yyXIfL0FN/9vnZVkbV5VHp' +
  'ngYm0ibWv0JGrjaOVXVOIi95v2KPbzkUq6A=';
const certificateBody =
  'MIIBdTCCARugAwIBAgIUXPJXFcfLYLTGkgTwyMhs6yzMjNgwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEamFuZTAgFw0yNjExMjEx' +
  'NTAzNTNaGA8yMTI2MTAyODE1MDM1M1owDzENMAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJ293/nEwLcK' +
  'xRyoShemlc+hGvt3KZ5mbyYehhS+V40oq1NKKyhL30RD8EPUOl1Sihd31ZwJWZTAhR9RZHu82pmjUzBRMB0GA1UdDgQWBBRdVXhz' +
  'Wyq+3EMiVlZ/1GN92rRahjAfBgNVHSMEGDAWgBRdVXhzWyq+3EMiVlZ/1GN92rRahjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49' +
  'BAMCA0gAMEUCIAg557EjupE1zGONvBnk3IOpzVPzOtNmE2R0cor3HvmAAiEAtJyRTGaBtOLL/MMDNdndmZwY2inVn8GLPDyE0Nsb' +
  'QQU=';

const pem = (type: string, body: string, before = '') =>
  Buffer.from(`-----BEGIN ${type}-----\n${before}${body}\n-----END ${type}-----\n`).toString('base64');
const request = pem('CERTIFICATE REQUEST', ecRequest);
const certificate = pem('CERTIFICATE', certificateBody);
/** With one bit of the signature turned. */
const forged = (body: string) => {
  const der = Buffer.from(body, 'base64');
  der[der.length - 1]! ^= 1;
  return pem('CERTIFICATE REQUEST', der.toString('base64'));
};

test('requests are signed by the key that they name', () => {
  for (const body of [ecRequest, edRequest, rsaRequest, sha1Request])
    expect(requestError(pem('CERTIFICATE REQUEST', body))).toBeUndefined();
  expect(requestError(forged(ecRequest))).toBe('x509: ECDSA verification failure');
  expect(requestError(forged(edRequest))).toBe('x509: Ed25519 verification failure');
  expect(requestError(forged(rsaRequest))).toBe('crypto/rsa: verification error');
});

test('a flood of blocks that never end is looked at once', () => {
  const flood = Buffer.from(`${'-----BEGIN A-----\n'.repeat(150_000)}-----END B-----\n`).toString('base64');
  const start = performance.now();
  expect(requestError(flood)).toBe('PEM block type must be CERTIFICATE REQUEST');
  expect(performance.now() - start).toBeLessThan(15_000);
});

test.each([
  ['nothing', '', 'PEM block type must be CERTIFICATE REQUEST'],
  ['a certificate', certificate, 'PEM block type must be CERTIFICATE REQUEST'],
  ['half of one', pem('CERTIFICATE REQUEST', ecRequest.slice(0, 80)), 'asn1: syntax error: data truncated'],
  ['something else', pem('CERTIFICATE REQUEST', 'MAA='), "asn1: structure error: tags don't match"],
])('%s is no request', (_what, base64, expected) => {
  expect(requestError(base64)).toBe(expected);
});

test.each([
  ['nothing yet', '', undefined],
  ['one', certificate, undefined],
  ['text', Buffer.from('hello').toString('base64'), 'must contain at least one CERTIFICATE PEM block'],
  ['a request', request, 'only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"'],
  ['headers', pem('CERTIFICATE', certificateBody, 'A: b\n\n'), 'no PEM block headers are permitted'],
  ['an empty one', pem('CERTIFICATE', ''), 'found CERTIFICATE PEM block containing 0 certificates'],
  ['garbage', pem('CERTIFICATE', 'AAAA'), 'x509: malformed certificate'],
])('certificates: %s', (_what, base64, expected) => {
  expect(certificateError(base64)).toBe(expected);
});

const one = (spec: any = {}, status?: any): any =>
  made(csr, {
    spec: { request, usages: ['client auth'], signerName: 'example.com/any', ...spec },
    ...(status && { status }),
  });
const label = (value: string, bad: string, why: string) =>
  expect.stringContaining(`spec.signerName: Invalid value: "${value}": validating label "${bad}": ${why}`);
test.each<[string, any, any[]]>([
  ['fine', { usages: ['client auth', 'key encipherment'], expirationSeconds: 600 }, []],
  ['no request', { request: '' }, ['spec.request: Invalid value: "": PEM block type must be CERTIFICATE REQUEST']],
  ['no usages', { usages: [] }, ['spec.usages: Required value']],
  [
    'usage',
    { usages: ['decoration'] },
    [
      expect.stringContaining(
        'spec.usages[0]: Unsupported value: "decoration": supported values: "any", "cert sign", "client auth"',
      ),
    ],
  ],
  ['a usage twice', { usages: ['any', 'any'] }, ['spec.usages[1]: Duplicate value: "any"']],
  ['no signer', { signerName: '' }, ['spec.signerName: Required value']],
  [
    'signer of old',
    { signerName: 'kubernetes.io/legacy-unknown' },
    [
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
  ],
  [
    'signer',
    { signerName: 'example.com' },
    [
      'spec.signerName: Invalid value: "example.com": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
    ],
  ],
  [
    'signer of no domain',
    { signerName: 'example/a' },
    ['spec.signerName: Invalid value: "example": should be a domain with at least two segments separated by dots'],
  ],
  ['signer of a bad domain', { signerName: 'a.B/a' }, [label('a.B', 'B', 'a lowercase RFC 1123 label')]],
  ['signer with a bad path', { signerName: 'a.b/A' }, [label('A', 'A', 'a lowercase RFC 1123 subdomain')]],
  [
    'long signer',
    { signerName: `${'a.'.repeat(127)}b/a` },
    ['spec.signerName: Too long: may not be more than 253 bytes'],
  ],
  ['signer with a long path', { signerName: `a.b/${'x'.repeat(253)}.${'y'.repeat(253)}` }, []],
  [
    'signer with a path too long',
    { signerName: `a.b/${'x'.repeat(253)}.${'y'.repeat(253)}.${'z'.repeat(60)}` },
    ['spec.signerName: Too long: may not be more than 571 bytes'],
  ],
  [
    'too short',
    { expirationSeconds: 599 },
    ['spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)'],
  ],
])('create: %s', (_what, spec, expected) => {
  expect(created(csr, one(spec))).toEqual(expected);
});

test('who asks is who sends it', () => {
  const object = one({ username: 'root', groups: ['system:masters'], uid: '0', extra: { a: ['b'] } }, { certificate });
  const user = { username: 'jane', groups: ['dev'], extra: { scope: ['x'] } };
  csr.prepareCreate!(object, { user } as unknown as Context);
  expect(object.spec).toEqual({
    request,
    usages: ['client auth'],
    signerName: 'example.com/any',
    username: 'jane',
    groups: ['dev'],
    extra: { scope: ['x'] },
  });
  expect(object.status).toEqual({});
  const changed = one({ request: 'x' });
  csr.prepareUpdate!(changed, object, {} as Context);
  expect(changed.spec).toEqual(object.spec);
  expect(csr.validateName!('any Name/at all', false)).toEqual([]);
});

const condition = (type: string, more: any = {}) => ({
  type,
  status: 'True',
  lastUpdateTime: 't',
  lastTransitionTime: 't',
  ...more,
});
const state = (...types: string[]) => ({ conditions: types.map((type) => condition(type)) });
const sub = (name: string) => csr.subresources!.find((s) => s.name === name)!;
const check = (name: string, now: any, old: any) => texts(sub(name).validateUpdate!(one({}, now), one({}, old)));
const at = 'status.conditions';

test.each<[string, any, any, any[]]>([
  ['approved', state('Approved'), {}, []],
  ['denied', state('Denied'), {}, []],
  [
    'both',
    state('Approved', 'Denied'),
    {},
    [`${at}: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive`],
  ],
  ['both as before', state('Approved', 'Denied'), state('Approved', 'Denied'), []],
  ['taken back', {}, state('Approved'), [`${at}: Forbidden: updates may not remove a condition of type "Approved"`]],
  ['twice', state('Approved', 'Approved'), {}, [`${at}[1].type: Duplicate value: "Approved"`]],
  ['no type', { conditions: [{ status: 'True' }] }, {}, [`${at}[0].type: Required value`]],
  ['no status', { conditions: [{ type: 'Odd' }] }, {}, [`${at}[0].status: Required value`]],
  [
    'not approved',
    { conditions: [{ type: 'Approved', status: 'False' }] },
    {},
    [`${at}[0].status: Unsupported value: "False": supported values: "True"`],
  ],
  [
    'odd',
    { conditions: [{ type: 'Odd', status: 'Maybe' }] },
    {},
    [`${at}[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"`],
  ],
  [
    'with a certificate',
    { ...state('Approved'), certificate },
    {},
    ['status.certificate: Forbidden: updates may not set certificate content'],
  ],
])('approval: %s', (_what, now, old, expected) => {
  expect(check('approval', now, old)).toEqual(expected);
});

test.each<[string, any, any, any[]]>([
  ['issued', { ...state('Approved'), certificate }, state('Approved'), []],
  ['failed', state('Approved', 'Failed'), state('Approved'), []],
  [
    'approved by the way',
    state('Approved'),
    {},
    [`${at}: Forbidden: updates may not add a condition of type "Approved"`],
  ],
  [
    'approved for another reason',
    { conditions: [condition('Approved', { reason: 'x' })] },
    state('Approved'),
    [expect.stringContaining(`${at}: Forbidden: updates may not modify a condition of type "Approved"\n`)],
  ],
  [
    'no certificate',
    { certificate: 'aGVsbG8=' },
    {},
    ['status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'],
  ],
  [
    'issued anew',
    { certificate: pem('CERTIFICATE', certificateBody, '\n') },
    { certificate },
    ['status.certificate: Forbidden: updates may not modify existing certificate content'],
  ],
  ['as before, whatever it is', { certificate: 'aGVsbG8=' }, { certificate: 'aGVsbG8=' }, []],
])('status: %s', (_what, now, old, expected) => {
  expect(check('status', now, old)).toEqual(expected);
});

test('what old ones break may stay broken', () => {
  const old = one({ usages: ['decoration', 'decoration'], signerName: 'kubernetes.io/legacy-unknown' });
  expect(updated(csr, structuredClone(old), old)).toEqual([]);
});

test('conditions get their times; each side keeps what is the other’s', () => {
  const context = { now: () => 60_000 } as Context;
  const now = '1970-01-01T00:01:00Z';
  const approval = one({}, { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'x' });
  sub('approval').keep!(approval, one({}, { certificate }), context);
  expect(approval.status).toEqual({
    certificate,
    conditions: [{ type: 'Approved', status: 'True', lastUpdateTime: now, lastTransitionTime: now }],
  });
  const issued = one(
    {},
    {
      conditions: [
        { type: 'Approved', status: 'True', reason: 'mine' },
        { type: 'Failed', status: 'True' },
      ],
      certificate,
    },
  );
  sub('status').keep!(issued, one({}, { conditions: [condition('Approved'), condition('Failed')] }), context);
  expect(issued.status.conditions).toEqual([
    condition('Approved'),
    { type: 'Failed', status: 'True', lastUpdateTime: now, lastTransitionTime: 't' },
  ]);
});

test.each<[any, string]>([
  [{}, 'Pending'],
  [{ ...state('Approved'), certificate }, 'Approved,Issued'],
  [state('Approved', 'Failed'), 'Approved,Failed'],
  [state('Denied'), 'Denied'],
])('%#: what kubectl get prints', (status, expected) => {
  expect(cells(csr, one({ username: 'jane', expirationSeconds: 3600 }, status))).toMatchObject({
    SignerName: 'example.com/any',
    Requestor: 'jane',
    RequestedDuration: '60m',
    Condition: expected,
  });
});

test('it is found by its signer', () => {
  expect(csr.selectableFields!['spec.signerName']!(one())).toBe('example.com/any');
});
