// Plugins of one thought each: finalizers of storage, the taint of new nodes, a node's labels on its pods, who may sign what.
import { expect, test } from 'vitest';
import { podTopologyLabels } from '../../../apiserver/admission/podTopologyLabels.ts';
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from '../../../apiserver/admission/signers.ts';
import { storageObjectInUseProtection } from '../../../apiserver/admission/storageObjectInUseProtection.ts';
import { taintNodesByCondition } from '../../../apiserver/admission/taintNodesByCondition.ts';
import { memoryCluster } from '../memoryCluster.ts';
import { outcome, writeOf } from './attributes.ts';

test.each<[string, string[] | undefined, string[] | undefined]>([
  ['persistentvolumes', undefined, ['kubernetes.io/pv-protection']],
  ['persistentvolumeclaims', ['a/b'], ['a/b', 'kubernetes.io/pvc-protection']],
  ['persistentvolumeclaims', ['kubernetes.io/pvc-protection'], ['kubernetes.io/pvc-protection']],
  ['volumeattributesclasses.storage.k8s.io', undefined, ['kubernetes.io/vac-protection']],
  ['configmaps', undefined, undefined],
])('finalizers of new %s', (resource, finalizers, expected) => {
  const a = writeOf('CREATE', resource, { metadata: { finalizers } });
  void storageObjectInUseProtection().admit!(a);
  expect(a.object.metadata.finalizers).toEqual(expected);
  const update = writeOf('UPDATE', resource, {});
  void storageObjectInUseProtection().admit!(update);
  expect(update.object.metadata.finalizers).toBeUndefined();
});

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
test.each<[object[] | undefined, object[]]>([
  [undefined, [notReady]],
  [[{ key: 'a', effect: 'NoExecute' }], [{ key: 'a', effect: 'NoExecute' }, notReady]],
  [[{ ...notReady, value: 'x' }], [{ ...notReady, value: 'x' }]],
])('a new node with taints %j', (taints, expected) => {
  const a = writeOf('CREATE', 'nodes', { spec: { taints } });
  void taintNodesByCondition().admit!(a);
  expect(a.object.spec.taints).toEqual(expected);
});

const [zone, region] = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];
test.each<[string, string, object, object | undefined]>([
  ['pods', 'binding', { target: { kind: 'Node', name: 'n' } }, { [zone]: 'z', [region]: 'r' }],
  [
    'pods',
    'binding',
    { target: { kind: 'Node', name: 'n' }, metadata: { labels: { [zone]: 'own', a: 'b' } } },
    { [zone]: 'z', [region]: 'r', a: 'b' },
  ],
  ['pods', 'binding', { target: { name: 'n' } }, undefined],
  ['pods', 'binding', { target: { kind: 'Node', name: 'unknown' } }, undefined],
  ['pods', '', { spec: { nodeName: 'n' } }, { [zone]: 'z', [region]: 'r' }],
  ['pods', '', { spec: {} }, undefined],
  ['pods', 'eviction', { target: { kind: 'Node', name: 'n' } }, undefined],
])('%s/%s %j is labelled %j', (resource, subresource, object, expected) => {
  const cluster = memoryCluster();
  const labels = { [zone]: 'z', [region]: 'r', other: 'o' };
  cluster.put({ group: '', plural: 'nodes' }, { metadata: { name: 'n', labels } });
  const a = writeOf('CREATE', resource, object, { cluster, subresource });
  void podTopologyLabels().admit!(a);
  expect(a.object.metadata.labels).toEqual(expected);
});

const requests = 'certificatesigningrequests.certificates.k8s.io';
const csr = (status: object = {}) => ({ metadata: { name: 'x' }, spec: { signerName: 'example.com/one' }, status });
/** Allows one verb on one signer. */
const only = (verb: string, name: string) => (ask: any) =>
  ask.verb === verb && ask.resource.plural === 'signers' && ask.resource.name === name;
const signed = csr({ certificate: 'aGk=' });
test.each<[string, string, object, ((ask: any) => boolean) | undefined, string]>([
  ['CertificateApproval', 'approval', csr(), only('approve', 'example.com/one'), 'accepted'],
  ['CertificateApproval', 'approval', csr(), only('approve', 'example.com/*'), 'accepted'],
  ['CertificateApproval', 'approval', csr(), only('sign', 'example.com/one'), 'approve requests with'],
  ['CertificateApproval', 'status', csr(), undefined, 'accepted'],
  ['CertificateSigning', 'status', signed, only('sign', 'example.com/one'), 'accepted'],
  ['CertificateSigning', 'status', signed, only('approve', 'example.com/one'), 'sign requests with'],
  ['CertificateSigning', 'status', csr({ conditions: [{ type: 'Failed' }] }), undefined, 'sign requests with'],
  ['CertificateSigning', 'status', csr(), undefined, 'accepted'],
  ['CertificateSigning', 'approval', signed, undefined, 'accepted'],
])('%s of a request at %s with %j', async (name, subresource, object, may, expected) => {
  const plugin = [certificateApproval(), certificateSigning()].find((p) => p.name === name)!;
  const said = await outcome(plugin, writeOf('UPDATE', requests, object, { subresource, may, old: csr() as never }));
  const refusal = `403 certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to ${expected} signerName "example.com/one"`;
  expect(said).toBe(expected === 'accepted' ? expected : refusal);
});

/** `openssl req -new -newkey ed25519 -subj "/O=a/O=system:masters/CN=x"`, base64 of the PEM. */
const mastersRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHd01HUUNBUUF3TVRFS01BZ0dBMVVFQ2d3QllURVhNQlVHQTFVRUNnd09jM2x6ZEdWdE9tMWhjM1JsY25NeApDakFJQmdOVkJBTU1BWGd3S2pBRkJnTXJaWEFESVFEbFJFWmZHeWkwRGtCVGFESWxQa2wxbUNHMkFLTHpuVVNXClhiOEVNUkhYMmFBQU1BVUdBeXRsY0FOQkFGTHo3UW5hZG1keU1rNDNFY1RFSFlDcnJFamh0MFF1Nzg3aFJnK2IKbk91VzZ2d2FFR2lKUzNQcFl1MVhmSVhTSnkzNVJBVjd2R09wSlFaVWllOTh5Z2c9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';
test.each<[string, string, string]>([
  ['kubernetes.io/kube-apiserver-client', mastersRequest, '403'],
  ['kubernetes.io/kubelet-serving', mastersRequest, 'accepted'],
  ['kubernetes.io/kube-apiserver-client', 'bm9uc2Vuc2U=', 'accepted'],
])('a request to %s', async (signerName, request, expected) => {
  const a = writeOf('CREATE', requests, { spec: { signerName, request } });
  const said = await outcome(certificateSubjectRestriction(), a);
  if (expected === 'accepted') expect(said).toBe(expected);
  else
    expect(said).toBe(
      '403 certificatesigningrequests.certificates.k8s.io "x" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
});

test('roots of a signer are published by who may attest for it', async () => {
  const bundle = { spec: { signerName: 'example.com/one' } };
  const write = (object: object, may?: (ask: any) => boolean) =>
    outcome(clusterTrustBundleAttest(), writeOf('CREATE', 'clustertrustbundles.certificates.k8s.io', object, { may }));
  expect(await write(bundle, only('attest', 'example.com/*'))).toBe('accepted');
  expect(await write({ spec: {} })).toBe('accepted');
  expect(await write(bundle)).toBe(
    '403 clustertrustbundles.certificates.k8s.io "x" is forbidden: user not permitted to attest for signerName "example.com/one"',
  );
});
