// What made the caller act, as it says in W3C trace context: kept for the journal, never trusted for anything else.
import { fromBaggage } from '../../apimachinery/cause.ts';
import type { Filter } from '../filters.ts';

const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export const cause: Filter = (_api, req) => {
  const parent = req.headers['traceparent'];
  req.traceparent = typeof parent === 'string' && traceparent.test(parent) ? parent : '';
  const baggage = req.headers['baggage'];
  req.causes = typeof baggage === 'string' ? fromBaggage(baggage) : [];
};
