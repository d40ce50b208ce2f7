// What the code that runs now was woken by: kept beside each reconcile, sent along with each of its requests.
// Written by runner.ts (and by whoever acts on a watch event), read by transport.ts; the words are in apimachinery/cause.ts.
// Next along the chain: apiserver/filters, which reads the headers back.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import { type Cause, causeText, toBaggage } from '../apimachinery/cause.ts';

interface CauseContext {
  causes: readonly Cause[];
  /** Made when the first request asks for them: most reconciles find nothing to write. W3C trace context: one trace a reconcile. */
  headers?: Record<string, string>;
}

const storage = new AsyncLocalStorage<CauseContext | undefined>();

/** Fetched in one piece for many ids: each fetch is a call of the system. */
const random = Buffer.alloc(6144);
let used = random.length;

function hex(bytes: number): string {
  if (used + bytes > random.length) {
    randomFillSync(random);
    used = 0;
  }
  used += bytes;
  return random.toString('hex', used - bytes, used);
}

const newTraceparent = () => `00-${hex(16)}-${hex(8)}-01`;

/** Runs `work` so that every request made in it, however deep, names `causes`. */
export const withCauses = <T>(causes: readonly Cause[], work: () => T): T => storage.run({ causes }, work);

/** Runs `work` outside any context: for loops that outlive the reconcile that happened to start them. */
export const withoutCauses = <T>(work: () => T): T => storage.run(undefined, work);

export const currentCauses = (): readonly Cause[] => mergeCauses([], storage.getStore()?.causes ?? []);

/** The headers that carry the context; none when the work has no recorded cause. */
export function causeHeaders(): Record<string, string> {
  const context = storage.getStore();
  if (!context) return {};
  context.headers ??= headersOf(context.causes);
  return context.headers;
}

function headersOf(causes: readonly Cause[]): Record<string, string> {
  const baggage = toBaggage(mergeCauses([], causes));
  return { traceparent: newTraceparent(), ...(baggage && { baggage }) };
}

/** Keeps the context that is current now, for work that is done later from a queue. */
export const captureCauses = (): (<T>(work: () => T) => T) => AsyncLocalStorage.snapshot();

/** As many as a `baggage` header may have; of more the newest are kept. */
const most = 64;

/** Adds causes to `into`, by their text; each is there once. */
export function collectCauses(into: Map<string, Cause>, causes: readonly Cause[]): Map<string, Cause> {
  for (const cause of causes) {
    into.set(causeText(cause), cause);
    if (into.size > most) into.delete(into.keys().next().value!);
  }
  return into;
}

/** `older` and `newer` together, each once, in the order they came. */
export const mergeCauses = (older: readonly Cause[], newer: readonly Cause[]): Cause[] => [
  ...collectCauses(collectCauses(new Map(), older), newer).values(),
];
