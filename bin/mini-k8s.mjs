#!/usr/bin/env node
// The command `mini-k8s`. Runs on Node 20; what it needs beyond that, bootstrap.mjs fetches. Next: ../cli/main.ts.
import { miniK8s } from '../scripts/bootstrap.mjs';

await miniK8s(process.argv.slice(2));
