// The answers that several verbs share: one object after a read or a write, a Status, a view.

import { badRequest } from '../../apimachinery/status.ts';
import type { KubeObject } from '../../apimachinery/types.ts';
import type { Api } from '../api.ts';
import { encodeObject, writeValue } from '../codecs/codecs.ts';
import type { IncludeObject } from '../codecs/forms.ts';
import { type Encoding, negotiate } from '../codecs/negotiate.ts';
import type { Served } from '../kinds/registry.ts';
import type { Outcome } from '../objects/writeContext.ts';
import type { Answer, ApiRequest } from '../request.ts';

export function encodingOf(req: ApiRequest, offerForms = true): Encoding {
  return negotiate(req.headers.accept, wantsPretty(req), offerForms);
}

/** ?pretty decides; without it, a browser or curl gets text for eyes. */
function wantsPretty(req: ApiRequest): boolean {
  const pretty = req.query.get('pretty');
  if (pretty !== null) return pretty !== 'false' && pretty !== '0';
  const agent = req.headers['user-agent'];
  return agent !== undefined && /^(curl|Wget|Mozilla\/)/.test(agent);
}

export function includeObject(req: ApiRequest): IncludeObject {
  const value = req.query.get('includeObject') ?? '';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw badRequest(
    `invalid TableOptions: Unsupported value: ${JSON.stringify(value)}: supported values: "Metadata", "None", "Object"`,
  );
}

export function answerOutcome(
  api: Api,
  req: ApiRequest,
  served: Served,
  outcome: Outcome,
  code = outcome.created ? 201 : 200,
): Answer {
  const e = encodingOf(req);
  const direct = e.form === 'object' && e.media.sendsJson && !e.pretty && !served.kind.storedAs;
  const options = { include: includeObject(req), now: api.clock.now() };
  return { code, type: e.media.name, body: direct ? outcome.bytes : encodeObject(outcome.object, served, e, options) };
}

/** Any value without forms: Status, Scale, reviews, discovery. */
export function answerValue(req: ApiRequest, value: unknown, code = 200): Answer {
  const e = encodingOf(req, false);
  return { code, type: e.media.name, body: writeValue(value, e) };
}

export const successStatus = (served: Served, object: KubeObject) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {
    name: object.metadata.name,
    ...(served.kind.group ? { group: served.kind.group } : {}),
    kind: served.kind.plural,
    uid: object.metadata.uid,
  },
});
