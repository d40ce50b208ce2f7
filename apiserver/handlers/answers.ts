// The answers that several verbs share: one object after a read or a write, a Status, a view.

import { badRequest } from '../../apimachinery/status.ts';
import type { KubeObject, Status } from '../../apimachinery/types.ts';
import type { Api } from '../api.ts';
import { encodeObject, ended, writeValue } from '../codecs/codecs.ts';
import type { IncludeObject } from '../codecs/forms.ts';
import { type Encoding, negotiate } from '../codecs/negotiate.ts';
import { messageOf } from '../codecs/protobuf/messages.ts';
import type { Served } from '../kinds/registry.ts';
import { scaleShown } from '../kinds/scale.ts';
import type { Outcome } from '../objects/writeContext.ts';
import type { Answer, ApiRequest } from '../request.ts';

/**
 * How the answer will be written: an object or list of `served`, or, without it, a value that has no forms. Throws 406, which comes before
 * anything is done.
 */
export function encodingOf(req: ApiRequest, served?: Pick<Served, 'kind' | 'apiVersion'>, watch = false): Encoding {
  // Most clients never name it, and looking the message up loads the facts of all of them.
  const protobuf = !served || !req.headers.accept?.includes('protobuf') || hasMessage(served);
  const offer = { forms: served !== undefined, protobuf, cbor: req.cbor, watch };
  return negotiate(req.headers.accept, wantsPretty(req), offer);
}

const hasMessage = ({ kind, apiVersion }: Pick<Served, 'kind' | 'apiVersion'>) =>
  messageOf(apiVersion, kind.kind) !== undefined;

/** The same for documents of discovery. */
export const discoveryEncodingOf = (req: ApiRequest): Encoding =>
  negotiate(req.headers.accept, wantsPretty(req), {
    forms: false,
    protobuf: true,
    cbor: req.cbor,
    watch: false,
    discovery: true,
  });

/** A refusal in the form that the client takes; JSON when it takes none. */
export function statusBody(req: ApiRequest, value: Status): { type: string; body: Buffer } {
  let e: Encoding;
  try {
    e = encodingOf(req);
  } catch {
    return { type: 'application/json', body: Buffer.from(`${JSON.stringify(value)}\n`) };
  }
  return { type: e.media.name, body: writeValue(value, e) };
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
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

export function answerOutcome(
  api: Api,
  req: ApiRequest,
  served: Served,
  outcome: Outcome,
  code = outcome.created ? 201 : 200,
): Answer {
  const e = encodingOf(req, served);
  const direct = e.form === 'object' && e.media.sendsJson && !e.pretty && !served.kind.storedAs;
  const options = { include: includeObject(req), now: api.clock.now() };
  const body = direct ? ended(outcome.bytes, e) : encodeObject(outcome.object, served, e, options);
  return { code, type: e.media.name, body };
}

/** A view of an object, such as its Scale: an object of its own kind, with columns of its own. */
export function answerView(api: Api, req: ApiRequest, view: KubeObject, code = 200): Answer {
  if (view.kind !== 'Scale') return answerValue(req, view, code);
  const shown = { kind: scaleShown, apiVersion: view.apiVersion };
  const e = encodingOf(req, shown);
  const options = { include: includeObject(req), now: api.clock.now() };
  return { code, type: e.media.name, body: encodeObject(view, shown, e, options) };
}

/** Any value without forms: Status, Scale, reviews, discovery. */
export function answerValue(req: ApiRequest, value: unknown, code = 200): Answer {
  const e = encodingOf(req);
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
