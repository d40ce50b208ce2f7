// One log line a fact, as JSON on stderr, at the verbosity that -v asks for.
// Mirrors: staging/src/k8s.io/component-base/logs; pino does the writing.
import { pino } from 'pino';

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> & {
  child(bindings: Record<string, unknown>): Logger;
};

/** -v=0 and 1 show warnings, 2 and 3 what happens, 4 and above everything. */
export function createLogger(component: string, verbosity = 0): Logger {
  const level = verbosity >= 4 ? 'debug' : verbosity >= 2 ? 'info' : 'warn';
  return pino(
    { name: component, level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  ) as Logger;
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
} as unknown as Logger;
