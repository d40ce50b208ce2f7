// The requests that are being answered: a server that stops takes no new connection, lets these end, and only then closes.
// Written by server.ts, waited for when it closes. Mirrors: the waiting of staging/src/k8s.io/apiserver/pkg/server (SetupSignalContext, waitgroup).
import type { ServerResponse } from 'node:http';

export interface InFlight {
  /** Returns what to call when the request has been answered. */
  begin(response: ServerResponse): () => void;
  /** Tells clients to leave with their answers; resolves when the last has been answered, or after `ms`. */
  finish(ms: number): Promise<void>;
}

export function createInFlight(): InFlight {
  const responses = new Set<ServerResponse>();
  const empty = Promise.withResolvers<void>();
  let stopping = false;
  /** HTTP/1.1 alone: a client that keeps the connection would find it closed at its next request. */
  const leave = (response: ServerResponse) => {
    response.shouldKeepAlive = false;
  };
  return {
    begin(response) {
      // Who still comes is served as long as there is something to wait for, and not waited for.
      if (stopping) leave(response);
      else responses.add(response);
      return () => {
        responses.delete(response);
        if (stopping && responses.size === 0) empty.resolve();
      };
    },
    async finish(ms) {
      stopping = true;
      for (const response of responses) leave(response);
      if (responses.size === 0) return;
      const timer = setTimeout(() => empty.resolve(), ms);
      await empty.promise;
      clearTimeout(timer);
    },
  };
}
