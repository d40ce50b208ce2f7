// Tells a starter in a file which port is listened on. The file is there whole or not at all: who sees it reads a port, never nothing.
// Writes: what --port-file names. Used by: the API server, the controller manager and the scheduler once they listen.
import { renameSync, writeFileSync } from 'node:fs';

/** An empty path: nobody asked. */
export function writePortFile(path: string, port: number): void {
  if (!path) return;
  writeFileSync(`${path}.new`, String(port));
  renameSync(`${path}.new`, path);
}
