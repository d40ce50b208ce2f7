// DELETE of a collection: what a list with the same parameters finds, each deleted as if alone; absent ones are fine.
// Mirrors: registry/generic/registry/store.go (DeleteCollection).
import { isReason } from '../../apimachinery/status.ts';
import type { Api } from '../api.ts';
import { encodeList } from '../codecs/codecs.ts';
import type { Served } from '../kinds/registry.ts';
import { deleteObject } from '../objects/deleteObject.ts';
import type { Answer, ApiRequest } from '../request.ts';
import type { Cached } from '../storage/cached.ts';
import { encodingOf, includeObject } from './answers.ts';
import { deleteOptions } from './body.ts';
import { listObjects } from './list.ts';
import { managerOfAgent } from './options.ts';
import { sendPieces } from './sendPieces.ts';
import { writeContextOf } from './writeContextOf.ts';

/** Deletions under way at once. */
const workers = 8;
/** Milliseconds of work on a long collection before other requests get their turn: not every deletion waits for the store. */
const turn = 10;

export async function deleteCollection(api: Api, req: ApiRequest, served: Served): Promise<Answer> {
  const e = encodingOf(req, served);
  const options = deleteOptions(req);
  const { items, metadata } = await listObjects(api, req, served, false);
  const found = [...items];
  const queue = found.values();
  let begun = performance.now();
  await Promise.all(Array.from({ length: workers }, () => work(queue)));
  return sendPieces(
    req,
    e.media.name,
    encodeList(found, metadata, served, e, { include: includeObject(req), now: api.clock.now() }),
  );

  async function work(queue: Iterator<Cached>): Promise<void> {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      await deleteFound(next.value);
      if (performance.now() < begun + turn) continue;
      await new Promise(setImmediate);
      begun = performance.now();
    }
  }

  async function deleteFound(item: Cached): Promise<void> {
    const w = writeContextOf(api, req, served, {
      dryRun: options.dryRun?.includes('All') ?? false,
      fieldManager: managerOfAgent(req.headers['user-agent']),
    });
    w.namespace = item.namespace;
    w.options = { ...options };
    for (const text of served.kind.deletionWarnings?.(options) ?? []) w.warn(text);
    try {
      await deleteObject(w, item.name, options);
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }
}
