// Which flow schema and priority level a request belongs to; its answer says so. Levels are not enforced yet: limitInFlight.ts is.
// Reads: the cached schemas and levels, looked through anew when one of them has changed.
// Mirrors: staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go. Next: ../kinds/flowControl/classify.ts.
import type { Api } from '../api.ts';
import type { Filter } from '../filters.ts';
import { type Classify, classifier } from '../kinds/flowControl/classify.ts';
import { isLongRunning } from '../requestInfo.ts';

const group = 'flowcontrol.apiserver.k8s.io';
const schemas = { group, plural: 'flowschemas' };
const levels = { group, plural: 'prioritylevelconfigurations' };

const known = new WeakMap<Api, { version: string; classify: Classify }>();

function classifierOf(api: Api): Classify {
  const { cluster } = api;
  const version = `${cluster.lastChange(schemas)}/${cluster.lastChange(levels)}`;
  const last = known.get(api);
  if (last?.version === version) return last.classify;
  const classify = classifier(cluster.cachedList(schemas), cluster.cachedList(levels));
  known.set(api, { version, classify });
  return classify;
}

export const classify: Filter = (api, req) => {
  if (isLongRunning(req.info) && req.info.verb !== 'watch') return;
  req.flow = classifierOf(api)(req.user, req.info, req.path);
};
