// A refused or failed CRI call, with gRPC's code by name: thrown by the client, and by a server's methods to answer so.
// Mirrors: google.golang.org/grpc/status. Used by: client.ts, server.ts, kubelet and runtime.

export const codes = {
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;
export type Code = keyof typeof codes;

/** `message` is as Go prints it (`rpc error: code = NotFound desc = …`), which events repeat; `details` is the bare text. */
export class CriError extends Error {
  readonly code: Code;
  readonly details: string;
  constructor(code: Code, details: string) {
    super(`rpc error: code = ${code} desc = ${details}`);
    this.name = 'CriError';
    this.code = code;
    this.details = details;
  }
}

/** Does `error` say that the thing is not there? What stop and remove take for success. */
export const isNotFound = (error: unknown): boolean => error instanceof CriError && error.code === 'NotFound';

const names = new Map<number, Code>(Object.entries(codes).map(([name, n]) => [n, name as Code]));
export const codeOf = (n: number | undefined): Code => names.get(n ?? 2) ?? 'Unknown';
