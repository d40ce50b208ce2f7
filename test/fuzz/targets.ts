// What is fuzzed, in the order in which it is taken.
// Each row is a file of targets/. Run by main.ts; test/fuzz/fuzz.test.ts runs a little of each.
import type { FuzzServer } from './fuzzServer.ts';
import type { Random } from './random.ts';
import { bodies } from './targets/bodies.ts';
import { credentials } from './targets/credentials.ts';
import { customs } from './targets/customs.ts';
import { limits } from './targets/limits.ts';
import { objects } from './targets/objects.ts';
import { parameters } from './targets/parameters.ts';
import { patches } from './targets/patches.ts';
import { sockets } from './targets/sockets.ts';
import { streams } from './targets/streams.ts';

export interface Target {
  name: string;
  /** One case; resolves to what was wrong, with the input. */
  run(random: Random, fuzzed: FuzzServer, n: number): Promise<string | undefined>;
}

export const targets: readonly Target[] = [
  objects,
  bodies,
  patches,
  customs,
  limits,
  parameters,
  credentials,
  sockets,
  streams,
];
