// Kinds that v1.35 has as beta or alpha alone: what their rules refuse and let pass.
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { clusterTrustBundle } from '../../../apiserver/kinds/clusterTrustBundle.ts';
import { deviceTaintRule } from '../../../apiserver/kinds/deviceTaintRule.ts';
import type { Context, Kind } from '../../../apiserver/kinds/kind.ts';
import { leaseCandidate } from '../../../apiserver/kinds/leaseCandidate.ts';
import { podCertificateRequest } from '../../../apiserver/kinds/podCertificateRequest.ts';
import { storageVersion } from '../../../apiserver/kinds/storageVersion.ts';
import { storageVersionMigration } from '../../../apiserver/kinds/storageVersionMigration.ts';
import { workload } from '../../../apiserver/kinds/workload.ts';
import { cells, created, made, texts, updated } from './said.ts';

const starting = (text: string) => expect.stringContaining(text);
const ofStatus = (kind: Kind, now: any, old: any = { status: {} }) =>
  texts(kind.subresources![0]!.validateUpdate!(made(kind, now), made(kind, old)));

// LeaseCandidate

const candidate = (spec: any = {}) =>
  made(leaseCandidate, {
    spec: {
      leaseName: 'l',
      binaryVersion: '1.35.0',
      emulationVersion: '1.34.0',
      strategy: 'OldestEmulationVersion',
      ...spec,
    },
  });
const noEmulation =
  "spec.emulationVersion: Required value: must be specified when `strategy` is 'OldestEmulationVersion'";
test.each<[any, string[]]>([
  [{}, []],
  [{ strategy: 'example.com/mine', emulationVersion: undefined }, []],
  [{ leaseName: '' }, ['spec.leaseName: Required value']],
  [{ binaryVersion: '' }, ['spec.binaryVersion: Required value']],
  [
    { binaryVersion: '1.35' },
    [
      'spec.binaryVersion: Invalid value: "1.35": must be a valid semantic version',
      'spec.binaryVersion: Invalid value: "1.35": must be greater than or equal to `emulationVersion`',
    ],
  ],
  [
    { emulationVersion: 'v1.34.0' },
    ['spec.emulationVersion: Invalid value: "v1.34.0": must be a valid semantic version', noEmulation],
  ],
  [
    { emulationVersion: '1.36.0' },
    ['spec.binaryVersion: Invalid value: "1.35.0": must be greater than or equal to `emulationVersion`'],
  ],
  [{ emulationVersion: undefined }, [noEmulation]],
  [{ strategy: '' }, ['spec.strategy: Required value']],
  [
    { strategy: 'Mine' },
    ['spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion"'],
  ],
])('LeaseCandidate %j', (spec, expected) => {
  expect(created(leaseCandidate, candidate(spec))).toEqual(expected);
});

test('a LeaseCandidate stays with its lease', () => {
  expect(updated(leaseCandidate, candidate({ binaryVersion: '1.36.0' }), candidate())).toEqual([]);
  expect(updated(leaseCandidate, candidate({ leaseName: 'm' }), candidate())).toEqual([
    'spec.leaseName: Invalid value: "m": field is immutable',
  ]);
  expect(leaseCandidate.validateName!('a_b', false)).toEqual([]);
  expect(leaseCandidate.validateName!('a/b', false)).toHaveLength(1);
});

// ClusterTrustBundle

const pem = (der: string, type = 'CERTIFICATE', headers = '') =>
  `-----BEGIN ${type}-----\n${headers}${der}\n-----END ${type}-----\n`;
const authority =
  'MIIBbjCCARWgAwIBAgIUaCOO5LS5IXpFTRcrF/jtDfaEg5cwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjEyMjUwMDRaGA8yMTI2MTAyODIyNTAwNFowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABC62NsKAg+1RJ1pY9LySarH1L582YVhcclQlFUozHiNfMRSIoeAjXD03d54aCwIW0fMaisYEKRb2Z/wX4LvZWvGjUzBRMB0GA1UdDgQWBBQ8+KGz4EqTYgIXKiVPm6i65REQ8jAfBgNVHSMEGDAWgBQ8+KGz4EqTYgIXKiVPm6i65REQ8jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIBlv928D+b0ai5ilqE75YFHF8HJRIZzVsAKZi9ENyK7pAiAH0eGpOW0x40/WQCjeGEgCCrDtYbJ/QzLqjptxj9Fpnw==';
const leaf =
  'MIIBbTCCARKgAwIBAgIUH1hRSIsSsI8223Pd5MpTH4oTxmQwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjEyMjUwMDRaGA8yMTI2MTAyODIyNTAwNFowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCTJlICeZ9HVq4MrMrgZelBh3/xisEF2awuRyg3Qad9VdXoB1ICDoNMpTmBYGAyn6wa47w2ECObL0FVVrM1WIICjUDBOMB0GA1UdDgQWBBQ1o4VEpX/xwd/rfBQDoY2eXkotfzAfBgNVHSMEGDAWgBQ1o4VEpX/xwd/rfBQDoY2eXkotfzAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0kAMEYCIQCTCDfmmDYhJkZ9pMaxJv/blhnaJiIYNxX1xD7LjqxLHQIhAMz9UQczDNY/7/o2MZCmmlY4hL0j3h+m02sOSKY+OXj+';
const bundle = (trustBundle: string, name = 'x', signerName?: string) =>
  made(clusterTrustBundle, { spec: { trustBundle, signerName } }, { name });
const omitted = 'spec.trustBundle: Invalid value: "<value omitted>": ';
test.each<[string, any, string[]]>([
  ['of nobody', bundle(pem(authority)), []],
  ['of a signer', bundle(pem(authority), 'example.com:s:x', 'example.com/s'), []],
  ['between other text', bundle(`Mine:\n${pem(authority)}`), []],
  ['a signer in the name alone', bundle(pem(authority), 'a:b'), [starting('must not have ":" in its name')]],
  [
    'a signer and another name',
    bundle(pem(authority), 'x', 'example.com/s'),
    [
      'metadata.name: Invalid value: "x": ClusterTrustBundle for signerName example.com/s must be named with prefix example.com:s:',
    ],
  ],
  ['a signer that is none', bundle(pem(authority), 's:x', 's'), [starting('spec.signerName: Invalid value: "s"')]],
  ['nothing', bundle(''), [`${omitted}at least one trust anchor must be provided`]],
  ['twice', bundle(pem(authority) + pem(authority)), [`${omitted}duplicate trust anchor (indices [0 1])`]],
  ['another block', bundle(pem(authority, 'PRIVATE KEY')), [`${omitted}entry 0 has bad block type: PRIVATE KEY`]],
  ['headers', bundle(pem(authority, 'CERTIFICATE', 'Some: header\n\n')), [`${omitted}entry 0 has PEM block headers`]],
  ['no certificate', bundle(pem('AAAA')), [`${omitted}entry 0 does not parse as X.509`]],
  ['no authority', bundle(pem(leaf)), [`${omitted}entry 0 does not have the CA bit set`]],
  ['too long', bundle('x'.repeat(1024 * 1024 + 1)), [starting('spec.trustBundle: Too long')]],
])('ClusterTrustBundle: %s', (_what, object, expected) => {
  expect(created(clusterTrustBundle, object)).toEqual(expected);
});

test('a ClusterTrustBundle keeps its signer, and what it holds is read again only where it changes', () => {
  expect(updated(clusterTrustBundle, bundle('odd'), bundle('odd'))).toEqual([]);
  expect(updated(clusterTrustBundle, bundle('odd', 's:x', ''), bundle('odd', 's:x', 'a.b/s'))).toContain(
    'spec.signerName: Invalid value: "": field is immutable',
  );
  expect(cells(clusterTrustBundle, bundle('')).SignerName).toBe('<none>');
});

// StorageVersionMigration

const migration = (resource: any) => made(storageVersionMigration, { spec: { resource } });
test('StorageVersionMigration: its resource', () => {
  const apps = { group: 'apps', resource: 'deployments' };
  expect(created(storageVersionMigration, migration(apps))).toEqual([]);
  expect(created(storageVersionMigration, migration({}))).toEqual([
    'spec.resource.resource: Required value: resource is required',
  ]);
  expect(updated(storageVersionMigration, migration(apps), migration(apps))).toEqual([]);
  expect(updated(storageVersionMigration, migration({ group: 'a', resource: 'b' }), migration(apps))).toEqual([
    'group: Invalid value: "a": field is immutable',
    'resource: Invalid value: "b": field is immutable',
  ]);
  expect(cells(storageVersionMigration, migration(apps)).Resource).toBe('deployments.apps');
});

const is = (type: string, status = 'True') => ({
  type,
  status,
  reason: 'R',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
test.each<[any, any, string[]]>([
  [{ resourceVersion: '5', conditions: [is('Running')] }, {}, []],
  [{ conditions: [is('Succeeded')] }, { conditions: [is('Running')] }, []],
  [
    { resourceVersion: '6' },
    { resourceVersion: '5' },
    ['status.resourceVersion: Invalid value: "6": cannot be updated'],
  ],
  [{ resourceVersion: '-1' }, {}, ['status.resourceVersion: Invalid value: -1: must be greater than or equal to 0']],
  [
    { resourceVersion: 'x' },
    {},
    [
      'status.resourceVersion: Invalid value: "x": failed to parse resource version "x": strconv.ParseInt: parsing "x": invalid syntax',
    ],
  ],
  [{ conditions: [is('Running', 'Odd')] }, {}, [starting('status.conditions[0].status: Unsupported value: "Odd"')]],
  [
    { conditions: [is('Succeeded'), is('Failed')] },
    {},
    [starting('Both success and failed conditions cannot be true at the same time')],
  ],
  [
    { conditions: [is('Succeeded'), is('Running')] },
    {},
    [starting('Running condition cannot be true when success condition is true')],
  ],
  [
    { conditions: [is('Failed'), is('Running')] },
    {},
    [starting('Running condition cannot be true when failed condition is true')],
  ],
  [{}, { conditions: [is('Succeeded')] }, [starting('Success condition cannot be set to false once it is true')]],
  [{}, { conditions: [is('Failed')] }, [starting('Failed condition cannot be set to false once it is true')]],
])('StorageVersionMigration: a status of %j after %j', (status, old, expected) => {
  expect(ofStatus(storageVersionMigration, { status }, { status: old })).toEqual(expected);
});

// StorageVersion

const server = (fields: any = {}) => ({
  apiServerID: 'a',
  encodingVersion: 'apps/v1',
  decodableVersions: ['apps/v1'],
  ...fields,
});
const condition = { type: 'AllEncodingVersionsEqual', status: 'True', reason: 'R', message: 'm' };
const agreed = { commonEncodingVersion: 'apps/v1' };
test.each<[any, string[]]>([
  [{}, []],
  [{ storageVersions: [server({ servedVersions: ['apps/v1'] })], ...agreed, conditions: [condition] }, []],
  [{ storageVersions: [server(), server({ encodingVersion: 'v2', decodableVersions: ['v2'] })] }, []],
  [
    { storageVersions: [server({ apiServerID: 'A' })], ...agreed },
    [starting('status.storageVersions[0].apiServerID: Invalid value: "A"')],
  ],
  [
    { storageVersions: [server({ encodingVersion: 'a/b/c', decodableVersions: [] })], commonEncodingVersion: 'a/b/c' },
    [
      starting('status.storageVersions[0].encodingVersion: Invalid value: "a/b/c": an apiVersion is a DNS-1035 label'),
      starting('decodableVersions must include encodingVersion a/b/c'),
    ],
  ],
  [
    { storageVersions: [server({ decodableVersions: ['apps/v1', '/1'] })], ...agreed },
    [
      starting(
        'decodableVersions[1]: Invalid value: "/1": group part: must be non-empty,version part: a DNS-1035 label',
      ),
    ],
  ],
  [
    { storageVersions: [server({ servedVersions: ['v9'] })], ...agreed },
    [starting('individual served version : v9 must be included in decodableVersions : [apps/v1]')],
  ],
  [agreed, [starting('status.commonEncodingVersion: Invalid value: "apps/v1": should be nil if servers do not agree')]],
  [
    { storageVersions: [server()] },
    ['status.commonEncodingVersion: Invalid value: null: the common encoding version is apps/v1'],
  ],
  [
    { storageVersions: [server()], commonEncodingVersion: 'v2' },
    ['status.commonEncodingVersion: Invalid value: "v2": the actual common encoding version is apps/v1'],
  ],
  [
    { conditions: [condition, { ...condition, status: 'a b', reason: '', message: '' }] },
    [
      starting('status[1].type: Invalid value: "AllEncodingVersionsEqual": the type of the condition is not unique'),
      starting('status[1].status: Invalid value: "AllEncodingVersionsEqual": name part must consist of'),
      'status[1].reason: Required value: reason cannot be empty',
      'status[1].message: Required value: message cannot be empty',
    ],
  ],
])('StorageVersion: a status of %j', (status, expected) => {
  expect(ofStatus(storageVersion, { status })).toEqual(expected);
});

test('StorageVersion: its name, and the servers that it shows', () => {
  expect(storageVersion.validateName!('apps.deployments', false)).toEqual([]);
  expect(storageVersion.validateName!('pods', false)).toEqual(['name must be in the form of <group>.<resource>']);
  expect(storageVersion.validateName!('A.1', false)).toEqual([
    starting('the group segment'),
    starting('the resource segment'),
  ]);
  const shown = made(storageVersion, { status: { storageVersions: Array(4).fill(server()) } });
  expect(cells(storageVersion, shown).StorageVersions).toBe('a=apps/v1,a=apps/v1,a=apps/v1 + 1 more...');
});

// Workload

const group = (fields: any = {}) => ({ name: 'g', policy: { gang: { minCount: 2 } }, ...fields });
const work = (spec: any = {}) => made(workload, { spec: { podGroups: [group()], ...spec } });
const controllerRef = { apiGroup: 'apps', kind: 'Deployment', name: 'd' };
test.each<[any, string[]]>([
  [{ controllerRef, podGroups: [group(), group({ name: 'h', policy: { basic: {} } })] }, []],
  [{ podGroups: [] }, ['spec.podGroups: Required value: must have at least one item']],
  [{ podGroups: Array(9).fill(group()) }, ['spec.podGroups: Too many: 9: must have at most 8 items']],
  [{ podGroups: [group({ name: '' })] }, ['spec.podGroups[0].name: Required value']],
  [
    { podGroups: [group({ name: 'A' })] },
    [starting('spec.podGroups[0].name: Invalid value: "A": a lowercase RFC 1123 label')],
  ],
  [{ podGroups: [group(), group()] }, [starting('spec.podGroups[1]: Duplicate value')]],
  [
    { podGroups: [group({ policy: {} })] },
    ['spec.podGroups[0].policy: Invalid value: "": must specify one of: `basic`, `gang`'],
  ],
  [
    { podGroups: [group({ policy: { basic: {}, gang: { minCount: 1 } } })] },
    [starting('exactly one of `basic`, `gang` is required, but multiple fields are set')],
  ],
  [{ podGroups: [group({ policy: { gang: {} } })] }, ['spec.podGroups[0].policy.gang.minCount: Required value']],
  [
    { podGroups: [group({ policy: { gang: { minCount: -1 } } })] },
    ['spec.podGroups[0].policy.gang.minCount: Invalid value: -1: must be greater than zero'],
  ],
  [
    { controllerRef: { apiGroup: 'A', kind: 'a/b' } },
    [
      starting('spec.controllerRef.apiGroup: Invalid value: "A"'),
      'spec.controllerRef.kind: Invalid value: "a/b": may not contain \'/\'',
      'spec.controllerRef.name: Required value',
    ],
  ],
])('Workload %j', (spec, expected) => {
  expect(created(workload, work(spec))).toEqual(expected);
});

test('a Workload keeps its groups, and its controller once it has one', () => {
  expect(updated(workload, work({ controllerRef }), work())).toEqual([]);
  expect(updated(workload, work({ controllerRef: { kind: 'A' } }), work())).toHaveLength(1);
  expect(updated(workload, work(), work({ controllerRef }))).toEqual([
    'spec.controllerRef: Invalid value: null: field is immutable',
  ]);
  expect(updated(workload, work({ podGroups: [group({ name: 'h' })] }), work())).toEqual([
    starting('spec.podGroups: Invalid value:'),
  ]);
});

// DeviceTaintRule

const taint = { key: 'a', effect: 'NoExecute' };
const tainting = (spec: any = {}) => made(deviceTaintRule, { spec: { taint, ...spec } });
test.each<[any, string[]]>([
  [{}, []],
  [{ deviceSelector: { driver: 'a.io', pool: 'n/p', device: 'd' }, taint: { ...taint, effect: 'None' } }, []],
  [
    { deviceSelector: { driver: 'a b', pool: '', device: 'D' } },
    [
      starting('spec.deviceSelector.driver: Invalid value: "a b"'),
      'spec.deviceSelector.pool: Required value',
      starting('spec.deviceSelector.device: Invalid value: "D"'),
    ],
  ],
  [
    { taint: { value: 'a b' } },
    [
      starting('spec.taint.key: Invalid value: ""'),
      starting('spec.taint.key: Invalid value: ""'),
      starting('spec.taint.value: Invalid value: "a b"'),
      'spec.taint.effect: Required value',
    ],
  ],
  [{ taint: { key: 'a', effect: 'Odd' } }, [starting('spec.taint.effect: Unsupported value: "Odd"')]],
])('DeviceTaintRule %j', (spec, expected) => {
  expect(created(deviceTaintRule, tainting(spec))).toEqual(expected);
});

test('DeviceTaintRule: at most eight conditions, all of them sound', () => {
  const many = Array.from({ length: 9 }, (_, i) => is(`C${i}`));
  expect(ofStatus(deviceTaintRule, { status: { conditions: many.slice(1) } })).toEqual([]);
  expect(ofStatus(deviceTaintRule, { status: { conditions: many } })).toEqual([
    'status.conditions: Too many: 9: must have at most 8 items',
  ]);
  expect(ofStatus(deviceTaintRule, { status: { conditions: [is('C', 'Odd')] } })).toHaveLength(1);
});

test('a taint says since when it has its effect', () => {
  const context = (ms: number) => ({ now: () => ms }) as Context;
  const rule = tainting();
  deviceTaintRule.prepareCreate!(rule, context(0));
  expect(rule.spec.taint.timeAdded).toBe('1970-01-01T00:00:00Z');
  const later = (change: object) => {
    const now = tainting({ taint: { ...rule.spec.taint, ...change } });
    deviceTaintRule.prepareUpdate!(now, rule, context(5000));
    return now.spec.taint.timeAdded;
  };
  expect(later({ value: 'v' })).toBe('1970-01-01T00:00:00Z');
  expect(later({ effect: 'NoSchedule' })).toBe('1970-01-01T00:00:05Z');
  expect(later({ effect: 'NoSchedule', timeAdded: '1970-01-01T00:00:01Z' })).toBe('1970-01-01T00:00:01Z');
});

// PodCertificateRequest

const keyOf = (type: string, options: object = {}) =>
  (generateKeyPairSync as (type: string, options: object) => { publicKey: KeyObject; privateKey: KeyObject })(
    type,
    options,
  );
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
/** The key, and the signature of a pod's UID. */
const proven = ({ publicKey, privateKey }: ReturnType<typeof keyOf>, uid = 'pod-uid') => {
  const hash = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const how = { key: privateKey, ...(publicKey.asymmetricKeyType === 'rsa' && pss) };
  return {
    pkixPublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    proofOfPossession:
      publicKey.asymmetricKeyType === 'x25519' ? '' : sign(hash, Buffer.from(uid), how).toString('base64'),
  };
};
const ed = keyOf('ed25519');
const curve = (namedCurve: string) => keyOf('ec', { namedCurve });
const rsa = (modulusLength: number) => keyOf('rsa', { modulusLength });
const request = (spec: any = {}, rest: any = {}) =>
  made(podCertificateRequest, {
    spec: {
      signerName: 'example.com/s',
      podName: 'p',
      podUID: 'pod-uid',
      serviceAccountName: 's',
      serviceAccountUID: 'u',
      nodeName: 'n',
      nodeUID: 'u',
      ...proven(ed),
      ...spec,
    },
    ...rest,
  });
const noProof = 'spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature';
test.each<[string, any, string[]]>([
  ['Ed25519', {}, []],
  ['P-256', proven(curve('P-256')), []],
  ['P-521', proven(curve('P-521')), []],
  ['RSA', proven(rsa(3072)), []],
  ['P-224', proven(curve('secp224r1')), [starting('spec.pkixPublicKey: Invalid value: "curve P-224": elliptic')]],
  ['another curve', proven(curve('secp256k1')), [starting('spec.pkixPublicKey: Invalid value: ')]],
  ['short RSA', proven(rsa(2048)), [starting('spec.pkixPublicKey: Invalid value: "2048-bit modulus": RSA keys')]],
  ['no signer', proven(keyOf('x25519')), [expect.stringMatching(/: unknown public key type; supported types are/)]],
  ['no key', { pkixPublicKey: 'AAAA' }, [expect.stringMatching(/"AAAA": must be a valid PKIX-serialized public key$/)]],
  [
    'a large key',
    { pkixPublicKey: Buffer.alloc(10241).toString('base64') },
    [starting('spec.pkixPublicKey: Too long')],
  ],
  ['another pod signed', proven(ed, 'other'), [noProof]],
  ['another key', { proofOfPossession: proven(curve('P-256')).proofOfPossession }, [noProof]],
  [
    'nobody',
    { podName: '', serviceAccountUID: '', nodeUID: 'u'.repeat(129) },
    [
      starting('spec.podName: Invalid value: ""'),
      'spec.serviceAccountUID: Invalid value: "": must not be empty',
      starting('spec.nodeUID: Too long'),
    ],
  ],
  ['long', { maxExpirationSeconds: 7862400 }, []],
  [
    'too long',
    { maxExpirationSeconds: 7862401 },
    ['spec.maxExpirationSeconds: Invalid value: 7862401: must be in the range [3600, 7862400]'],
  ],
  [
    'too long for a signer of Kubernetes',
    { signerName: 'a.kubernetes.io/s', maxExpirationSeconds: 86401 },
    ['spec.maxExpirationSeconds: Invalid value: 86401: must be in the range [3600, 86400]'],
  ],
  [
    'annotations',
    { unverifiedUserAnnotations: { 'a.io/B': 'x', plain: '' } },
    [starting('spec.unverifiedUserAnnotations: Invalid value: "plain": must be a domain-prefixed key')],
  ],
])('PodCertificateRequest: %s', (_what, spec, expected) => {
  expect(created(podCertificateRequest, request(spec))).toEqual(expected);
});

test('a PodCertificateRequest stays what it is', () => {
  expect(request().spec.maxExpirationSeconds).toBe(86400);
  expect(updated(podCertificateRequest, request(), request())).toEqual([]);
  expect(updated(podCertificateRequest, request({ nodeName: 'm' }), request())).toEqual([
    expect.stringMatching(/^spec: Invalid value: .*: field is immutable$/),
  ]);
  expect(cells(podCertificateRequest, request())).toMatchObject({ PodName: 'p', NodeName: 'n', State: 'Pending' });
});

/** `authority` is of this key, from this moment on. */
const leafKey =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELrY2woCD7VEnWlj0vJJqsfUvnzZhWFxyVCUVSjMeI18xFIih4CNcPTd3nhoLAhbR8xqKxgQpFvZn/Bfgu9la8Q==';
const [notBefore, notAfter] = ['2026-11-21T22:50:04Z', '2126-10-28T22:50:04Z'];
const times = { notBefore, notAfter, beginRefreshAt: '2026-11-21T23:00:04Z' };
const issuedStatus = (fields: any = {}) => ({
  certificateChain: pem(authority) + pem(leaf),
  conditions: [is('Issued')],
  ...times,
  ...fields,
});
const asked = (status: any, seconds = 2 ** 32) =>
  request({ pkixPublicKey: leafKey, maxExpirationSeconds: seconds }, { status });
const statusTexts = (now: any, old: any, context = { now: () => Date.parse(notBefore) } as Context) =>
  texts(podCertificateRequest.subresources![0]!.validateUpdate!(now, old, context));
const chain = 'status.certificateChain: ';
test.each<[string, any, string[]]>([
  ['issued', issuedStatus(), []],
  ['denied', { conditions: [is('Denied')] }, []],
  ['failed', { conditions: [is('Failed')] }, []],
  [
    'an odd end',
    { conditions: [is('Lost')] },
    ['status.conditions.[0].type: Unsupported value: "Lost": supported values: "Issued", "Denied", "Failed"'],
  ],
  [
    'two ends',
    { conditions: [is('Denied'), is('Failed', 'False')] },
    [
      starting('status.conditions.[1].type: Invalid value: "Failed": There may be at most one condition'),
      'status.conditions.[1].status: Unsupported value: "False": supported values: "True"',
    ],
  ],
  ['no end', times, [starting('status: Invalid value: status is immutable unless transitioning to "Issued"')]],
  [
    'a denial with more',
    { conditions: [is('Denied')], notAfter },
    [starting('status: Invalid value: non-condition status fields must be empty')],
  ],
  ['no certificate', issuedStatus({ certificateChain: 'x' }), [expect.stringMatching(/at least one certificate$/)]],
  ['another key', issuedStatus({ certificateChain: pem(leaf) }), [expect.stringMatching(/the requested public key$/)]],
  ['too large', issuedStatus({ certificateChain: 'x'.repeat(102401) }), [starting(`${chain}Too long`)]],
  ['odd', issuedStatus({ certificateChain: pem('AAAA') }), [expect.stringMatching(/leaf certificate does not parse/)]],
  ['odd behind', issuedStatus({ certificateChain: pem(authority) + pem('AAAA') }), [starting(`${chain}Invalid value`)]],
  [
    'no times',
    issuedStatus({ notBefore: undefined, beginRefreshAt: undefined }),
    [starting('status.notBefore: Required value'), starting('status.beginRefreshAt: Required value')],
  ],
  ['another start', issuedStatus({ notBefore: notAfter }), [starting('status.notBefore: Invalid value: "2126-')]],
  ['another end', issuedStatus({ notAfter: notBefore }), [starting('status.notAfter: Invalid value: "2026-')]],
  ['soon', issuedStatus({ beginRefreshAt: notBefore }), [starting('status.beginRefreshAt: Invalid value')]],
  ['late', issuedStatus({ beginRefreshAt: notAfter }), [starting('status.beginRefreshAt: Invalid value')]],
])('PodCertificateRequest: a status: %s', (_what, status, expected) => {
  expect(statusTexts(asked(status), asked({}))).toEqual(expected);
});

test('PodCertificateRequest: what has ended stays; the certificate begins now and lives as long as was asked', () => {
  const ended = asked(issuedStatus());
  expect(statusTexts(ended, ended)).toEqual([]);
  expect(cells(podCertificateRequest, ended).State).toBe('Issued');
  expect(statusTexts(asked({}), ended)).toEqual([starting('status: Invalid value: immutable after')]);
  const late = { now: () => Date.parse(notBefore) + 300_000 } as Context;
  expect(statusTexts(ended, asked({}), late)).toEqual([
    starting('status.notBefore: Invalid value: "2026-11-21T22:50:04Z": must be set to within 5 minutes'),
  ]);
  expect(statusTexts(asked(issuedStatus(), 3600), asked({}, 3600))).toEqual([
    `${chain}Invalid value: 3153600000000000000: leaf certificate lifetime must be <= spec.maxExpirationSeconds (3600)`,
  ]);
});

test('PodCertificateRequest: its status is for those who may sign', async () => {
  const { authorizeUpdate } = podCertificateRequest.subresources![0]!;
  const context = (allowed: boolean) =>
    ({ user: { username: 'jane' }, authorization: { authorize: async () => ({ allowed }) } }) as unknown as Context;
  const denied = asked({ conditions: [is('Denied')] });
  await authorizeUpdate!(denied, asked({}), context(true));
  await authorizeUpdate!(denied, denied, context(false));
  await expect(authorizeUpdate!(denied, asked({}), context(false))).rejects.toThrow(
    'spec.signerName: Forbidden: User "jane" is not permitted to "sign" for signer "example.com/s"',
  );
});
