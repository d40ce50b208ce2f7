// Since when uses of ServiceAccount tokens that are kept in Secrets are noted on those Secrets: the day of the first start.
// Writes: ConfigMap kube-system/kube-apiserver-legacy-service-account-token-tracking.
// Mirrors: pkg/controlplane/controller/legacytokentracking. Read by: the controller that cleans unused tokens up.
import { ensure } from './ensure.ts';
import type { Step } from './step.ts';

const configMaps = { group: '', plural: 'configmaps' };
const name = 'kube-apiserver-legacy-service-account-token-tracking';
const namespace = 'kube-system';

export const legacyTokenTracking: Step = {
  name: 'legacy-token-tracking',
  hook: 'start-legacy-token-tracking-controller',
  every: 60_000,
  async run({ cluster, clock }) {
    const since = new Date(clock.now()).toISOString().slice(0, 10);
    const found = await ensure(cluster, configMaps, { metadata: { name, namespace }, data: { since } });
    const wrong = (object: any) => !isPastDay(object.data?.since, clock.now());
    if (!wrong(found)) return;
    await cluster.update(configMaps, name, namespace, (object) => {
      if (!wrong(object)) return false;
      object.data = { ...object.data, since };
      return true;
    });
  },
};

function isPastDay(text: unknown, now: number): boolean {
  return typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) && Date.parse(text) <= now;
}
