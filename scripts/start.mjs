// `npm start`: installs what is missing, then `mini-k8s up` in the foreground. Next: ../cli/main.ts.
import { miniK8s } from './bootstrap.mjs';

await miniK8s(['up', ...process.argv.slice(2)]);
