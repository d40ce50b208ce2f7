// Ports for the components' own listeners: free now, and out of the way of what the kernel hands out and of NodePorts.
// So that a component that restarts finds its port again. Used by prepare.ts.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { UsageError } from '../../component-base/flags.ts';

/** Below NodePorts (30000) and Linux's ports for outgoing connections (32768). */
const lowest = 10_000;
const highest = 29_999;

/** Resolves with why nobody can listen there; undefined: it is free. */
export function portProblem(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** As many free ports on loopback as asked for, each another. Throws UsageError when there are none. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 100 * count) throw new UsageError(`no free port on 127.0.0.1 between ${lowest} and ${highest}.`);
    const port = randomInt(lowest, highest + 1);
    if (!found.has(port) && !(await portProblem(port, '127.0.0.1'))) found.add(port);
  }
  return [...found];
}
