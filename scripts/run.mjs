// `node scripts/run.mjs file.ts args…`: runs a program of this repository with Node 26 and all packages, such as the bench.
import { fail, handOver, prepare } from './bootstrap.mjs';

try {
  handOver(await prepare({ dev: true }), process.argv.slice(2));
} catch (error) {
  fail(error);
}
