// What a simulated node does when the API server does not answer: the same again in a while, each at its own time.
// Used by: nodes.ts, leases.ts, pods.ts. Mirrors: the kubelet, which tries for ever.
import { StatusError } from '../apimachinery/status.ts';
import { ConnectionError } from '../client/client.ts';
import type { Result } from '../client/controller.ts';

const least = 500;
const most = 3000;

/**
 * Runs `work`; when nobody answered or the server was not able to, the work comes again within seconds. Not by the queue's
 * own back-off: that lets ten keys a second pass after a failure of many, and thousands of nodes would be given up meanwhile.
 */
export async function laterWhenLost(random: () => number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isLost(error)) throw error;
    return { after: least + random() * (most - least), postponed: true };
  }
}

const isLost = (error: unknown) =>
  error instanceof ConnectionError || (error instanceof StatusError && (error.code >= 500 || error.code === 429));
