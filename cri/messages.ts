// Helper types over the generated messages: what a sender may leave out, and what client and server offer.
// Reads: types.ts. Used by: client.ts, server.ts and whoever writes an implementation.

/** A message as a sender writes it: every field may be left out, at every depth; 64-bit integers may be plain numbers. */
export type Sent<T> = T extends Uint8Array
  ? T
  : T extends bigint
    ? bigint | number
    : T extends (infer U)[]
      ? Sent<U>[]
      : T extends Record<string, string>
        ? T
        : T extends object
          ? { [K in keyof T]?: Sent<T[K]> | undefined }
          : T;

export interface CallOptions {
  /** Milliseconds; 0 waits for ever. Absent: the method's own default. */
  timeout?: number;
  signal?: AbortSignal;
}

type Shape = { request: object; response: object; stream?: true };

/** A service as its callers see it. Rejects with a CriError. */
export type ServiceClient<M> = {
  [K in keyof M]: M[K] extends Shape
    ? M[K] extends { stream: true }
      ? (request: Sent<M[K]['request']>, options?: CallOptions) => AsyncIterable<M[K]['response']>
      : (request: Sent<M[K]['request']>, options?: CallOptions) => Promise<M[K]['response']>
    : never;
};

/** A service as its server writes it; methods left out answer Unimplemented. `signal` aborts when the caller is gone. */
export type ServiceImplementation<M> = {
  [K in keyof M]?: M[K] extends Shape
    ? M[K] extends { stream: true }
      ? (request: M[K]['request'], signal: AbortSignal) => AsyncIterable<Sent<M[K]['response']>>
      : (request: M[K]['request'], signal: AbortSignal) => Promise<Sent<M[K]['response']>> | Sent<M[K]['response']>
    : never;
};
