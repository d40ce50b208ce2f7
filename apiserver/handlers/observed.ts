// GET of what is not stored but found out when it is asked for: ComponentStatus.
// Reads: the kind's `observe`. Mirrors: pkg/registry/core/componentstatus/rest.go.
import { notFound } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import { encodeList, encodeObject } from '../codecs/codecs.ts';
import { fieldsOf, type Served } from '../kinds/registry.ts';
import type { Answer, ApiRequest } from '../request.ts';
import type { Cached } from '../storage/cached.ts';
import { encodingOf, includeObject } from './answers.ts';
import { selectionOf } from './selection.ts';
import { sendPieces } from './sendPieces.ts';
import { writeContextOf } from './writeContextOf.ts';

const noWrite = { dryRun: false, fieldManager: '' };

export async function observed(api: Api, req: ApiRequest, served: Served): Promise<Answer> {
  const e = encodingOf(req, served);
  const context = writeContextOf(api, req, served, noWrite);
  const options = { include: includeObject(req), now: api.clock.now() };
  const { name, verb } = req.info;
  if (verb === 'get') {
    const [found] = await served.kind.observe!(context, name);
    if (!found) throw notFound(served.kind, name);
    return { code: 200, type: e.media.name, body: encodeObject(found, served, e, options) };
  }
  const selection = selectionOf(req.query, served, name);
  const fields = fieldsOf(served.kind);
  const items = (await served.kind.observe!(context))
    .map((object): Cached => {
      const bytes = Buffer.from(JSON.stringify(object));
      const { name: key = '', labels = {} } = object.metadata;
      return {
        key,
        namespace: '',
        name: key,
        revision: 0,
        bytes,
        labels,
        fields: fields(object),
        object: () => object,
      };
    })
    .filter(selection.matches);
  return sendPieces(req, e.media.name, encodeList(items, {}, served, e, options));
}
