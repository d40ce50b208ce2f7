import { expect, test } from 'vitest';
import { parseImageReference } from '../../apimachinery/imageReference.ts';

const hex = '0123456789abcdef'.repeat(4);

test.each([
  ['busybox', '', ''],
  ['busybox:1', '1', ''],
  ['host:5000/busybox', '', ''],
  ['host:5000/busybox:2', '2', ''],
  ['[fd00::1]:5000/a/b:x', 'x', ''],
  ['Host/a__b/c-d.e', '', ''],
  [`busybox@sha256:${hex}`, '', `sha256:${hex}`],
  [`busybox:latest@sha256:${hex}`, 'latest', `sha256:${hex}`],
  [`${hex}a`, '', ''],
  ['a'.repeat(255), '', ''],
])('%s has the tag %j and the digest %j', (image, tag, digest) => {
  expect(parseImageReference(image)).toEqual({ tag, digest });
});

test.each([
  '',
  ' busybox',
  'Busybox',
  'docker.io/Busybox',
  'a//b',
  'a:',
  'a@',
  'a:-x',
  `a:${'x'.repeat(129)}`,
  'a___b',
  'busybox@sha256:00',
  `busybox@sha256:${hex}00`,
  `busybox@sha256:${hex.toUpperCase()}`,
  `busybox@md5:${hex}`,
  hex,
  'a'.repeat(256),
])('%j is no image', (image) => {
  expect(parseImageReference(image)).toBeUndefined();
});
