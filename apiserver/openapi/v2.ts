// OpenAPI v2: as much as older kubectl insists on before it turns to version 3.
// kubectl 1.27 and 1.28 fetch the protobuf form and read only that it is one.
import type { Answer, ApiRequest } from '../request.ts';
import { version } from '../version.ts';

const protobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** A protobuf field of wire type 2. */
const field = (number: number, value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};

export function openapiV2(req: ApiRequest): Answer {
  const info = { title: 'Kubernetes', version: version.gitVersion };
  if (String(req.headers.accept ?? '').includes('com.github.proto-openapi.spec.v2')) {
    // Document { swagger = 1, info = 2 { title = 1, version = 2 } }
    const body = Buffer.concat([
      field(1, '2.0'),
      field(2, Buffer.concat([field(1, info.title), field(2, info.version)])),
    ]);
    return { code: 200, type: protobufType, body };
  }
  return {
    code: 200,
    type: 'application/json',
    body: JSON.stringify({ swagger: '2.0', info, paths: {}, definitions: {} }),
  };
}
