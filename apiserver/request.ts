// One request on its way through the server: what the filters learn of it and what the handlers answer.
// Made by server.ts; filled by filters/ in the order of filters.ts; consumed by handlers/.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Cause } from '../apimachinery/cause.ts';
import type { UserInfo } from '../apimachinery/types.ts';
import type { Flow } from './kinds/flowControl/classify.ts';
import type { RequestInfo } from './requestInfo.ts';
import type { Upgrade } from './upgrade.ts';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The gate CBORServingAndStorage: one more media type. */
  readonly cbor: boolean;
  /** Read behind the filters; undefined where the handler streams it from `raw` (dispatch.ts, streamsBody). */
  body: Buffer | undefined;
  /** For watches, proxies and long answers: the streams themselves. */
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** An HTTP/1.1 request that asks for another protocol; see upgrade.ts. */
  readonly upgrade?: Upgrade;
  /** Milliseconds. */
  readonly received: number;

  // Filled by the filters, in their order.
  auditId: string;
  info: RequestInfo;
  user: UserInfo;
  /** Undefined for what is streamed, and until the first flow schemas are there. */
  flow?: Flow;
  causes: readonly Cause[];
  traceparent: string;
  /** Milliseconds until the answer must be there; watches have their own. */
  timeout: number;
  /** Texts of Warning headers. */
  warnings: string[];
  /** Bytes of an answer that was sent whole. */
  sent?: number;
  /** Called when the answer has been sent or the client is gone. */
  onEnd: (() => void)[];
}

/** A whole answer, or one that the handler writes itself once the head is decided. */
export type Answer =
  | { code: number; type: string; body: Buffer | string; headers?: Record<string, string> }
  | {
      code: number;
      type: string;
      stream: (response: ServerResponse) => Promise<void>;
      headers?: Record<string, string | string[]>;
      /** The handler has taken the connection (upgrade.ts): nothing is sent, `stream` ends with the connection. */
      taken?: true;
    };

export const jsonType = 'application/json';
