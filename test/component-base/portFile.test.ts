import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writePortFile } from '../../component-base/portFile.ts';

it('a port file takes its place whole: it is never seen empty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mini-k8s-test-'));
  const path = join(folder, 'port');
  writeFileSync(path, 'before');
  // Who opened the one before still reads it to its end: it was replaced, not emptied and filled.
  const before = openSync(path, 'r');
  writePortFile(path, 6443);
  expect(readFileSync(before, 'utf8')).toBe('before');
  expect(readFileSync(path, 'utf8')).toBe('6443');
  expect(readdirSync(folder)).toEqual(['port']);
  closeSync(before);
  rmSync(folder, { recursive: true });
});
