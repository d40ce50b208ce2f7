// Refuses what would be too much at once, writes apart from reads; watches and the cluster's own administrators pass.
// Mirrors: staging/src/k8s.io/apiserver/pkg/server/filters/maxinflight.go.
import { tooManyRequests } from '../../apimachinery/status.ts';
import type { Filter } from '../filters.ts';
import { isLongRunning } from '../requestInfo.ts';

const reading = new Set(['get', 'list', 'watch', 'head', 'options']);
const inFlight = { reads: 0, writes: 0 };

export const limitInFlight: Filter = (api, req) => {
  if (isLongRunning(req.info) || req.user.groups?.includes('system:masters')) return;
  const kind = reading.has(req.info.verb) ? 'reads' : 'writes';
  const most = kind === 'reads' ? api.config.maxInFlight : api.config.maxMutatingInFlight;
  if (most > 0 && inFlight[kind] >= most) throw tooManyRequests('too many requests, please try again later.');
  inFlight[kind]++;
  req.onEnd.push(() => inFlight[kind]--);
};
