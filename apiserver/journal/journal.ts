// The journal of writes: for each accepted write one record of what was written by whom because of what, in the write's own transaction.
// Written by objects/persist.ts as a companion key; read as writes.trace.mini-k8s.io like any other kind (writeKind.ts); `mini-k8s trace` prints it.
import { randomBytes } from 'node:crypto';
import { causeText } from '../../apimachinery/cause.ts';
import type { Logger } from '../../component-base/logger.ts';
import type { WriteContext } from '../objects/writeContext.ts';
import type { Companion, Store } from '../storage/store.ts';
import { writesPath } from './writeKind.ts';

export interface Journal {
  /** The record of a write that is about to happen; undefined when the journal is off or the write is the journal's own. */
  record(w: WriteContext, metadata: { name: string; namespace?: string; uid?: string }): Companion | undefined;
  /** A name for a record or span: later ones sort behind earlier ones, and no two servers make the same. */
  nextName(now: number): string;
  stop(): void;
}

/** The journal grows by so many records before it is trimmed. */
const trimEvery = 500;
/** Counting costs a walk over all keys; in between a server adds up its own records, and learns of others' at the next count. */
const countEvery = 5_000;

export function createJournal(options: { store: Store; keyPrefix: string; size: number; log: Logger }): Journal {
  const server = randomBytes(3).toString('hex');
  const prefix = `${options.keyPrefix}/${writesPath}/`;
  let sequence = 0;
  let count = 0;
  let sinceTrim = 0;
  let sinceCount = countEvery;
  let trimming = false;
  const nextName = (now: number) => {
    sequence = (sequence + 1) % 0x1000000;
    return `${now.toString(16).padStart(12, '0')}-${server}-${sequence.toString(16).padStart(6, '0')}`;
  };
  const trim = async () => {
    trimming = true;
    count += sinceTrim;
    sinceCount += sinceTrim;
    sinceTrim = 0;
    try {
      if (sinceCount >= countEvery) {
        const page = await options.store.list(prefix, { limit: 1 });
        count = page.items.length + (page.remaining ?? 0);
        sinceCount = 0;
      }
      if (count > options.size) {
        await options.store.trim(prefix, count - options.size);
        count = options.size;
      }
    } catch (error) {
      options.log.warn({ err: error }, 'cannot trim the journal');
    }
    trimming = false;
  };
  return {
    nextName,
    record(w, metadata) {
      if (options.size <= 0 || w.served.kind.group === 'trace.mini-k8s.io') return undefined;
      if (++sinceTrim >= trimEvery && !trimming) void trim();
      const now = w.now();
      const name = nextName(now);
      return { key: prefix + name, value: Buffer.from(recordText(w, metadata, name, now)) };
    },
    stop() {},
  };
}

/**
 * trace.mini-k8s.io/v1 Write as it is stored; its resourceVersion is the write's own. Put together as text: it goes along with every
 * write, and what is named by rules of the API needs no escaping.
 */
function recordText(
  w: WriteContext,
  metadata: { name: string; namespace?: string; uid?: string },
  name: string,
  now: number,
): string {
  const { kind } = w.served;
  const time = new Date(now).toISOString();
  const text = JSON.stringify;
  return (
    `{"kind":"Write","apiVersion":"trace.mini-k8s.io/v1","metadata":{"name":"${name}","creationTimestamp":"${time.slice(0, 19)}Z"},` +
    `"verb":"${w.verb}","resource":"${kind.group ? `${kind.plural}.${kind.group}` : kind.plural}"` +
    (w.subresource ? `,"subresource":"${w.subresource}"` : '') +
    (metadata.namespace ? `,"namespace":${text(metadata.namespace)}` : '') +
    `,"name":${text(metadata.name)}` +
    (metadata.uid ? `,"uid":${text(metadata.uid)}` : '') +
    `,"user":${text(w.user.username ?? '')},"component":${text(w.component.split(' ', 1)[0] ?? '')}` +
    (w.causes.length ? `,"causes":${text(w.causes.map(causeText))}` : '') +
    (w.traceparent ? `,"traceparent":"${w.traceparent}"` : '') +
    `,"time":"${time}"}`
  );
}
