// PUT: the whole object, or the part of it that a subresource is.
// Next along the chain: objects/updateObject.ts. Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/update.go.
import * as status from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { updateObject } from '../objects/updateObject.ts';
import type { Answer, ApiRequest } from '../request.ts';
import { answerOutcome, answerView, encodingOf } from './answers.ts';
import { expectedBody, readBody } from './body.ts';
import { writeParams } from './options.ts';
import { changeByView } from './view.ts';
import { writeContextOf } from './writeContextOf.ts';

export async function update(api: Api, req: ApiRequest, served: Served, sub?: Subresource): Promise<Answer> {
  encodingOf(req, served);
  const params = writeParams(req, 'UpdateOptions');
  const w = writeContextOf(api, req, served, params);
  const read = () => readBody(req, expectedBody(served, sub), params.fieldValidation, w.warn);
  const body = read();
  checkName(req, served, body);
  if (sub?.view) {
    const outcome = await updateObject(w, req.info.name, (live) => changeByView(sub, live, body), {
      subresource: sub,
      uid: body.metadata.uid,
    });
    return answerView(api, req, sub.view(outcome.object));
  }
  const mayCreate = !sub && served.kind.createOnUpdate === true;
  // Each try changes the body; few writes need a second one, which reads it again.
  let unused = body;
  const change = (live: any | undefined) => {
    if (!live && !mayCreate) return undefined;
    const mine = unused ?? read();
    unused = undefined;
    return mine;
  };
  const { resourceVersion: version, uid } = body.metadata;
  const options = { subresource: sub, mayCreate, replaces: true, version, uid };
  return answerOutcome(api, req, served, await updateObject(w, req.info.name, change, options));
}

function checkName(req: ApiRequest, served: Served, body: any): void {
  const { name, namespace } = body.metadata ?? {};
  const { info } = req;
  if (!name)
    throw status.badRequest(
      `the name of the object (${info.name} based on URL) was undeterminable: name must be provided`,
    );
  if (name !== info.name)
    throw status.badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`);
  if (namespace && served.kind.namespaced && namespace !== info.namespace)
    throw status.badRequest(
      `the namespace of the object (${namespace}) does not match the namespace on the request (${info.namespace})`,
    );
}
