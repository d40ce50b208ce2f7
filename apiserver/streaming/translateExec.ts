import { type ProxyTarget, reverseProxy } from '../proxy/reverseProxy.ts';
import type { Answer, ApiRequest } from '../request.ts';

export interface RemoteStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

export const translateExec = (req: ApiRequest, target: ProxyTarget, _streams: RemoteStreams): Promise<Answer> =>
  reverseProxy(req, target);
