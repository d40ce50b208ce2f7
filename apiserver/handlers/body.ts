// The body of a write as its kind, and what the path says of the kind.

import type { StructNode } from '../../apimachinery/schema.ts';
import * as status from '../../apimachinery/status.ts';
import type { DeleteOptions } from '../../apimachinery/types.ts';
import { bodyMedia, type Expected, type FieldValidation, readObject } from '../codecs/codecs.ts';
import { messageOf } from '../codecs/protobuf/messages.ts';
import type { Subresource } from '../kinds/kind.ts';
import type { Served } from '../kinds/registry.ts';
import { builtinSchemas } from '../openapi/definitions.ts';
import type { ApiRequest } from '../request.ts';

export const expectedOf = (served: Served): Expected => ({
  kind: served.kind.kind,
  apiVersion: served.apiVersion,
  node: served.node,
});

export function expectedBody(served: Served, sub: Subresource | undefined): Expected {
  if (!sub?.body) return expectedOf(served);
  const { group, version, kind, schema } = sub.body;
  return { kind, apiVersion: group ? `${group}/${version}` : version, node: builtinSchemas.node(schema) as StructNode };
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

/** DeleteOptions come in the body or as query parameters. */
export function deleteOptions(req: ApiRequest): DeleteOptions {
  const options: DeleteOptions = req.body?.length ? readDeleteOptions(req) : fromQuery(req.query);
  const policy = options.propagationPolicy;
  if (policy !== undefined && !['Orphan', 'Background', 'Foreground'].includes(policy)) {
    throw status.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      {
        type: 'FieldValueNotSupported',
        field: 'propagationPolicy',
        value: policy,
        detail: 'supported values: "Background", "Foreground", "Orphan", "nil"',
      },
    ]);
  }
  if (policy !== undefined && options.orphanDependents !== undefined) {
    throw status.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      {
        type: 'FieldValueInvalid',
        field: 'propagationPolicy',
        value: policy,
        detail: 'orphanDependents and deletionPropagation cannot be both set',
      },
    ]);
  }
  if (options.dryRun?.some((v) => v !== 'All')) {
    throw status.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      { type: 'FieldValueNotSupported', field: 'dryRun', value: options.dryRun, detail: 'supported values: "All"' },
    ]);
  }
  return options;
}

/** Any apiVersion is fine here: DeleteOptions are registered in every group. */
function readDeleteOptions(req: ApiRequest): DeleteOptions {
  const node = builtinSchemas.node('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions') as StructNode;
  const media = bodyMedia(req.headers['content-type'], req.cbor);
  return readObject(req.body, media, { kind: 'DeleteOptions', apiVersion: '', node }, 'Ignore', () => {});
}

function fromQuery(q: URLSearchParams): DeleteOptions {
  const grace = q.get('gracePeriodSeconds');
  if (grace !== null && !/^-?\d+$/.test(grace))
    throw status.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(q.get('propagationPolicy') ? { propagationPolicy: q.get('propagationPolicy')! } : {}),
    ...(q.get('orphanDependents') ? { orphanDependents: q.get('orphanDependents') === 'true' } : {}),
    ...(q.getAll('dryRun').length ? { dryRun: q.getAll('dryRun') } : {}),
  };
}
