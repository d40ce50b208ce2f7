// LimitRanges of odd amounts, then the pods and claims that they are about.
import { asked } from '../fuzzServer.ts';
import { mutateObject } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';
import { removeNamespace } from './collections.ts';

const amounts = [
  '0',
  '1',
  '100m',
  '1Gi',
  '1n',
  '1e3',
  '9223372036854775807',
  '1E',
  '-1',
  '0.5',
  '1Ki',
  '12345678901234567890m',
];
const names = ['cpu', 'memory', 'ephemeral-storage', 'storage', 'pods', 'example.com/gpu', 'hugepages-2Mi'];
const amountsOf = (random: Random) =>
  Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(names), random.pick(amounts)]));

const limit = (random: Random) => ({
  type: random.pick(['Container', 'Pod', 'PersistentVolumeClaim', 'x']),
  ...Object.fromEntries(
    ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'].flatMap((field) =>
      random.chance(0.5) ? [[field, amountsOf(random)]] : [],
    ),
  ),
});

const resources = (random: Random) => ({ requests: amountsOf(random), limits: amountsOf(random) });

export const limits: Target = {
  name: 'limits',
  async run(random, { http }, n) {
    const namespace = `limits-${n}`;
    const at = `/api/v1/namespaces/${namespace}`;
    await http('/api/v1/namespaces', { body: { metadata: { name: namespace } } });
    const range = {
      metadata: { name: 'r' },
      spec: { limits: Array.from({ length: 1 + random.below(3) }, () => limit(random)) },
    };
    const containers = Array.from({ length: 1 + random.below(3) }, (_, i) => ({
      name: `c${i}`,
      image: 'x',
      resources: resources(random),
    }));
    const pod = {
      metadata: { name: 'p' },
      spec: {
        automountServiceAccountToken: false,
        containers,
        ...(random.chance(0.3) ? { initContainers: [{ ...containers[0], name: 'i' }] } : {}),
      },
    };
    const claim = { metadata: { name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], resources: resources(random) } };
    const body = (object: object) => JSON.stringify(mutateObject(random, object, random.below(3)));
    await http(`${at}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
    const found =
      (await asked(http, `${at}/limitranges`, { method: 'POST', body: body(range) })) ??
      (await asked(http, `${at}/pods`, { method: 'POST', body: body(pod) })) ??
      (await asked(http, `${at}/persistentvolumeclaims`, { method: 'POST', body: body(claim) })) ??
      (await asked(http, `${at}/pods/p/resize`, {
        method: 'PATCH',
        type: 'application/strategic-merge-patch+json',
        body: body({ spec: { containers: [{ name: 'c0', resources: resources(random) }] } }),
      }));
    await removeNamespace(http, namespace, ['serviceaccounts', 'limitranges', 'pods', 'persistentvolumeclaims']);
    return found;
  },
};
