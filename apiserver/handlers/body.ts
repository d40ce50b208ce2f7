// The body of a write as its kind, and what the path says of the kind.

import { type FieldError, invalidValue, notSupported } from '../../apimachinery/fieldErrors.ts';
import type { StructNode } from '../../apimachinery/schema.ts';
import * as status from '../../apimachinery/status.ts';
import type { DeleteOptions } from '../../apimachinery/types.ts';
import { messageOf } from '../codecs/protobuf/messages.ts';
import { bodyMedia, type Expected, type FieldValidation, readObject } from '../codecs/readObject.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { builtinSchemas } from '../openapi/definitions.ts';
import { queryBool, queryInt } from '../query.ts';
import type { ApiRequest } from '../request.ts';
import { validateDryRun } from './options.ts';

export const expectedOf = (served: Served): Expected => ({
  kind: served.kind.kind,
  apiVersion: served.apiVersion,
  node: served.node,
  decode: served.kind.decode,
});

export function expectedBody(served: Served, sub: Subresource | undefined): Expected {
  if (!sub?.body) return expectedOf(served);
  const { group, version, kind, schema, also } = sub.body;
  const node = builtinSchemas.node(schema) as StructNode;
  return { kind, apiVersion: group ? `${group}/${version}` : version, also, node };
}

export function readBody(
  req: ApiRequest,
  expected: Expected,
  validation: FieldValidation,
  warn: (text: string) => void,
): any {
  const media = bodyMedia(req.headers['content-type'], req.cbor);
  if (media.needsMessage && !messageOf(expected.apiVersion, expected.kind)) throw noMessage();
  return readObject(req.body, media, expected, validation, warn);
}

/** A custom resource has no message in protobuf. */
const noMessage = () =>
  status.unsupportedMediaType(
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml',
  );

/** DeleteOptions come in the body or as query parameters. Mirrors: ValidateDeleteOptions of apimachinery/pkg/apis/meta/v1/validation. */
export function deleteOptions(req: ApiRequest): DeleteOptions {
  const options: DeleteOptions = req.body?.length ? readDeleteOptions(req) : fromQuery(req.query);
  const { propagationPolicy: policy, orphanDependents, dryRun = [] } = options;
  const errors: FieldError[] = [];
  if (policy !== undefined && orphanDependents !== undefined)
    errors.push(
      invalidValue('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  if (policy !== undefined && !policies.includes(policy))
    errors.push(notSupported('propagationPolicy', policy, [...policies, 'nil']));
  errors.push(...validateDryRun(dryRun));
  if (errors.length) throw status.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return options;
}

const policies = ['Foreground', 'Background', 'Orphan'];

/** Any apiVersion is fine here: DeleteOptions are registered in every group. */
function readDeleteOptions(req: ApiRequest): DeleteOptions {
  const node = builtinSchemas.node('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions') as StructNode;
  const media = bodyMedia(req.headers['content-type'], req.cbor);
  return readObject(req.body, media, { kind: 'DeleteOptions', apiVersion: '', node }, 'Ignore', () => {});
}

function fromQuery(q: URLSearchParams): DeleteOptions {
  const options: DeleteOptions = {};
  const grace = queryInt(q, 'gracePeriodSeconds');
  const orphan = queryBool(q, 'orphanDependents');
  const policy = q.get('propagationPolicy');
  if (grace !== undefined) options.gracePeriodSeconds = grace;
  if (orphan !== undefined) options.orphanDependents = orphan;
  if (policy) options.propagationPolicy = policy;
  if (q.has('dryRun')) options.dryRun = q.getAll('dryRun');
  return options;
}
