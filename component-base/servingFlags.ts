// The flags of a daemon's own small server, for health and metrics; one table, so that all daemons have the same ones.
// Mirrors: the secure serving options of upstream's components. Read by: each daemon's flags.ts. Next: healthServer.ts.
import type { Flags } from './flags.ts';

/** `port`: upstream's. What is served needs no credentials, so whoever shares the machine with others says where to listen. */
export const servingFlags = (port: number) =>
  ({
    'bind-address': { type: 'string', default: '0.0.0.0', help: 'Address of the health and metrics server.' },
    'secure-port': {
      type: 'int',
      default: port,
      help: 'Port of the health and metrics server; 0 takes any free one.',
    },
    'tls-cert-file': {
      type: 'string',
      default: '',
      help: 'Serving certificate; without it one is made in memory, and plain HTTP is answered too.',
    },
    'tls-private-key-file': { type: 'string', default: '', help: 'Key of --tls-cert-file.' },
    'port-file': { type: 'string', default: '', help: 'Write the port that is listened on into this file.' },
    v: { type: 'int', default: 0, help: 'Verbosity of the log: 2 what happens, 4 everything.' },
  }) as const satisfies Flags;
