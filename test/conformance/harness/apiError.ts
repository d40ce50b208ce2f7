// A refusal of the API server, as clients tell it: by code, reason and message of its Status.
// Made by resource.ts from an answer that is no success; `refused` says what a row expects of one.
import assert from 'node:assert/strict';
import type { Reply } from './connection.ts';
import { objectOf } from './protobuf.ts';

export interface ApiError extends Error {
  code: number;
  /** Empty when the body was no Status. */
  reason: string;
  status?: any;
}

export function apiError(what: string, reply: Reply): ApiError {
  let status: any;
  try {
    status = objectOf(reply);
  } catch {
    // Not a Status: said below with its text.
  }
  const isStatus = status?.kind === 'Status';
  const text = isStatus ? status.message : reply.text.slice(0, 300);
  return Object.assign(new Error(`${what}: ${reply.code} ${text}`), {
    code: reply.code,
    reason: isStatus ? String(status.reason ?? '') : '',
    ...(isStatus ? { status } : {}),
  });
}

export interface Refusal {
  code?: number;
  reason?: string;
  /** Each must occur in the Status' message. */
  texts?: string[];
}

/** The call must fail with a Status of this code and reason. */
export async function refused(call: Promise<unknown>, expected: Refusal): Promise<ApiError> {
  const error = await call.then(
    (value) => assert.fail(`was accepted, not refused with ${JSON.stringify(expected)}: ${JSON.stringify(value)}`),
    (e) => e as ApiError,
  );
  if (error.status === undefined) throw error;
  const found = { code: error.code, reason: error.reason, message: error.message };
  if (expected.code) assert.equal(error.code, expected.code, JSON.stringify(found));
  if (expected.reason) assert.equal(error.reason, expected.reason, JSON.stringify(found));
  for (const text of expected.texts ?? [])
    assert.ok(String(error.status.message).includes(text), `no ${JSON.stringify(text)} in ${error.status.message}`);
  return error;
}

export const notFound: Refusal = { code: 404, reason: 'NotFound' };
export const conflict: Refusal = { code: 409, reason: 'Conflict' };
export const exists: Refusal = { code: 409, reason: 'AlreadyExists' };
export const invalid: Refusal = { code: 422, reason: 'Invalid' };
