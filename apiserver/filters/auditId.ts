// Gives each request an id, or takes the client's, and sends it back: what ties logs and answers together.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_received_time.go and audit_init.go.
import { randomUUID } from 'node:crypto';
import type { Filter } from '../filters.ts';

const longest = 64;

export const auditId: Filter = (_api, req) => {
  const given = req.headers['audit-id'];
  req.auditId = typeof given === 'string' && given ? given.slice(0, longest) : randomUUID();
};
