// JSON Patch (RFC 6902) as the API server applies it. The input is left alone.
// Reads: an object and a list of operations. Writes: the patched object, or a Status: 400 malformed, 413 too long, 422 does not apply.
// Mirrors: evanphx/json-patch v4, whose leniency clients rely on: `replace` of a missing key adds it, `test` of a missing key
// against null holds, indexes may be negative. Next: apiserver's patch handler.
import { deepEqual } from './deepEqual.ts';
import { badRequest, requestEntityTooLarge, unprocessable } from './status.ts';

const maxOperations = 10_000;
/** All copies of one patch together, in bytes of JSON: a few copies of copies could fill the memory. */
const maxCopiedBytes = 3 * 1024 * 1024;
const polluting = new Set(['__proto__', 'constructor', 'prototype']);

type Container = Record<string, unknown> | unknown[];
interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

const isContainer = (v: unknown): v is Container => typeof v === 'object' && v !== null;

function tokensOf(pointer: unknown): string[] {
  if (typeof pointer !== 'string') throw unprocessable();
  const tokens = pointer.split('/').slice(1);
  for (let i = 0; i < tokens.length; i++) {
    tokens[i] = tokens[i]!.replaceAll('~1', '/').replaceAll('~0', '~');
    if (polluting.has(tokens[i]!)) throw badRequest(`invalid JSON patch: the path ${pointer} is not allowed`);
  }
  return tokens;
}

/** An index into `list`; negative ones count from `end`. */
function indexOf(token: string, end: number, last: number): number {
  if (!/^[+-]?[0-9]+$/.test(token)) throw unprocessable();
  const n = Number(token);
  const index = n < 0 ? n + end : n;
  if (index < 0 || index > last) throw unprocessable();
  return index;
}

function get(parent: Container, token: string): unknown {
  if (Array.isArray(parent)) return parent[indexOf(token, parent.length, parent.length - 1)];
  return Object.hasOwn(parent, token) ? parent[token] : undefined;
}

function add(parent: Container, token: string, value: unknown): void {
  if (!Array.isArray(parent)) parent[token] = value;
  else if (token === '-') parent.push(value);
  else parent.splice(indexOf(token, parent.length + 1, parent.length), 0, value);
}

function set(parent: Container, token: string, value: unknown): void {
  if (Array.isArray(parent)) parent[indexOf(token, parent.length, parent.length - 1)] = value;
  else parent[token] = value;
}

function remove(parent: Container, token: string): void {
  if (Array.isArray(parent)) parent.splice(indexOf(token, parent.length, parent.length - 1), 1);
  else if (Object.hasOwn(parent, token)) delete parent[token];
  else throw unprocessable();
}

function clone<T>(value: T): T {
  if (!isContainer(value)) return value;
  if (Array.isArray(value)) return value.map(clone) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) if (key !== '__proto__') copy[key] = clone((value as any)[key]);
  return copy as T;
}

const jsonSize = (value: unknown): number =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v))?.length ?? 4;

/** The document while it is being patched: a copy of the input. */
class Draft {
  root: Container;
  #copied = 0;

  constructor(root: Container) {
    this.root = clone(root);
  }

  /** The container that holds the last token, and that token. */
  place(pointer: unknown): [Container, string] {
    const tokens = tokensOf(pointer);
    const last = tokens.pop();
    if (last === undefined) throw unprocessable();
    let parent: Container = this.root;
    for (const token of tokens) {
      const next = get(parent, token);
      if (!isContainer(next)) throw unprocessable();
      parent = next;
    }
    return [parent, last];
  }

  copy(from: unknown, path: unknown): void {
    const value = get(...this.place(from)) ?? null;
    const [parent, token] = this.place(path);
    this.#copied += value === null ? 0 : jsonSize(value);
    if (this.#copied > maxCopiedBytes) throw unprocessable();
    add(parent, token, clone(value));
  }

  move(from: unknown, path: unknown): void {
    const [source, key] = this.place(from);
    const value = get(source, key);
    remove(source, key);
    const [parent, token] = this.place(path);
    add(parent, token, value);
  }

  replace(path: unknown, value: unknown): void {
    if (path === '') {
      if (!isContainer(value)) throw unprocessable();
      this.root = value;
    } else set(...this.place(path), value);
  }

  test(path: unknown, value: unknown): void {
    const found = path === '' ? this.root : get(...this.place(path));
    if (!deepEqual(found ?? null, value)) throw unprocessable();
  }
}

const operations: Record<string, (draft: Draft, o: Operation, value: unknown) => void> = {
  add: (draft, o, value) => add(...draft.place(o.path), clone(value)),
  remove: (draft, o) => remove(...draft.place(o.path)),
  replace: (draft, o, value) => draft.replace(o.path, clone(value)),
  move: (draft, o) => draft.move(o.from, o.path),
  copy: (draft, o) => draft.copy(o.from, o.path),
  test: (draft, o, value) => draft.test(o.path, value),
};

/** Applies all operations in order, or throws a StatusError and none counts. */
export function jsonPatch<T extends object>(object: T, patch: unknown): T {
  if (!Array.isArray(patch)) throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (patch.length > maxOperations) {
    const text = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw requestEntityTooLarge(text);
  }
  const draft = new Draft(object as Container);
  for (const operation of patch) {
    if (!isContainer(operation) || Array.isArray(operation)) {
      throw badRequest('json: cannot unmarshal the operations of a JSON patch: each must be an object');
    }
    const o = operation as unknown as Operation;
    if (typeof o.op !== 'string' || !Object.hasOwn(operations, o.op)) throw unprocessable();
    operations[o.op]!(draft, o, o.value ?? null);
  }
  return draft.root as T;
}
