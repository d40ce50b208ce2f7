// Gives each request an id, or takes the client's, and sends it back: what ties logs and answers together.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_received_time.go and audit_init.go.
import { randomUUID } from 'node:crypto';
import { flatText } from '../../apimachinery/flatText.ts';
import type { Filter } from '../filters.ts';

const longest = 64;

export const auditId: Filter = (_api, req) => {
  // A watch keeps it for an hour: a text in one piece takes 60 bytes, one in Node's pieces 440.
  const given = req.headers['audit-id'];
  req.auditId = typeof given === 'string' && given ? given.slice(0, longest) : flatText(randomUUID());
};
