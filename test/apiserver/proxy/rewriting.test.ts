// Links and redirects of proxied pages: which are led through the proxy, and that all else stays byte for byte.
import { describe, expect, it } from 'vitest';
import { goError } from '../../../apiserver/proxy/goError.ts';
import { isProxyable, splitId } from '../../../apiserver/proxy/proxyTo.ts';
import { createScanner } from '../../../apiserver/proxy/rewriteHtml.ts';
import { rewriteUrl } from '../../../apiserver/proxy/rewriteUrl.ts';
import { pick } from '../../../apiserver/proxy/serviceProxy.ts';

const prefix = '/api/v1/namespaces/d/pods/p/proxy';
const rewrite = { prefix, targetHost: '10.0.0.1:80', requestHost: 'api:6443' };

describe('rewriteUrl', () => {
  it.each([
    ['/', `${prefix}/`],
    ['/a/b?c=d#e', `${prefix}/a/b?c=d#e`],
    ['/a/', `${prefix}/a/`],
    ['http://10.0.0.1:80/x', `${prefix}/x`],
    ['https://api:6443/x', `https://api:6443${prefix}/x`],
    [`${prefix}/x`, `${prefix}/x`],
    ['x/y', 'x/y'],
    ['#top', '#top'],
    ['', ''],
    ['https://example.com/x', 'https://example.com/x'],
    ['//example.com/x', '//example.com/x'],
    ['mailto:a@b', 'mailto:a@b'],
    ['/a/../../b', `${'/api/v1/namespaces/d/pods/p'}/b`],
  ])('%s', (url, seen) => expect(rewriteUrl(url, rewrite)).toBe(seen));
});

const page = (html: string, size = html.length) => {
  const scan = createScanner((url) => (url.startsWith('/') ? `/P${url}` : url));
  let out = '';
  for (let i = 0; i < html.length; i += size) out += scan(html.slice(i, i + size), false);
  return out + scan('', true);
};

describe('links in HTML', () => {
  it.each([
    ['<a href="/rewriteme">test</a>', '<a href="/P/rewriteme">test</a>'],
    [`<A  HREF = '/x' id="/y">`, `<A  HREF = '/P/x' id="/y">`],
    ['<a href=/x>', '<a href=/P/x>'],
    ['<img src="/i.png" alt="a > b" longdesc="/d">', '<img src="/P/i.png" alt="a > b" longdesc="/P/d">'],
    ['<p title="/x">/y</p>', '<p title="/x">/y</p>'],
    ['<!-- <a href="/x"> --><a href="/y">', '<!-- <a href="/x"> --><a href="/P/y">'],
    [
      '<script src="/s.js">"<a href=\\"/x\\">"</script><a href="/y">',
      '<script src="/P/s.js">"<a href=\\"/x\\">"</script><a href="/P/y">',
    ],
    ['<form action="/f"><button formaction="/g">', '<form action="/P/f"><button formaction="/P/g">'],
    ['1 < 2 <3 << <', '1 < 2 <3 << <'],
    ['<a href="/never ends', '<a href="/never ends'],
    ['<!-- never ends <a href="/x">', '<!-- never ends <a href="/x">'],
  ])('%s', (html, seen) => {
    expect(page(html)).toBe(seen);
    for (const size of [1, 3, 7]) expect(page(html, size)).toBe(seen);
  });

  it('takes time by the length of the page, whatever is in it', () => {
    const start = performance.now();
    for (const text of [
      '<a '.repeat(100_000),
      '<'.repeat(300_000),
      `<a ${'x="'.repeat(100_000)}`,
      '<!--'.repeat(80_000),
    ])
      page(text, 16_384);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

describe('names with scheme and port', () => {
  it.each([
    ['web', { scheme: '', name: 'web', port: '' }],
    ['web:http', { scheme: '', name: 'web', port: 'http' }],
    ['https:web:443', { scheme: 'https', name: 'web', port: '443' }],
    ['https:web:', { scheme: 'https', name: 'web', port: '' }],
  ])('%s', (id, parts) => expect(splitId(id, 'pod')).toEqual(parts));
  it.each(['ftp:web:21', 'a:b:c:d', ':80', ''])('%s is refused', (id) =>
    expect(() => splitId(id, 'pod')).toThrow(`invalid pod request "${id}"`),
  );
});

it.each([
  ['10.0.0.1', true],
  ['fd00::1', true],
  ['127.0.0.1', false],
  ['::1', false],
  ['::ffff:127.0.0.1', false],
  ['169.254.169.254', false],
  ['fe80::1', false],
  ['224.0.0.1', false],
  ['0.0.0.0', false],
  ['', false],
  ['localhost', false],
])('%s may be proxied to: %s', (address, may) => expect(isProxyable(address)).toBe(may));

it('a port is looked for in every subset, and only valid addresses count', () => {
  const subsets = [
    { addresses: [{ ip: '1' }], ports: [{ name: 'a', port: 1 }] },
    { addresses: [{ ip: '2' }, { ip: '3' }], ports: [{ name: 'b', port: 2 }] },
  ];
  for (const random of [() => 0, () => 0.5, () => 0.99]) {
    expect(pick(subsets, 'a', random, () => true)).toEqual({ ip: '1', port: 1 });
    expect(pick(subsets, 'b', random, (a) => a.ip === '3')).toEqual({ ip: '3', port: 2 });
    expect(pick(subsets, 'b', random, () => false)).toBeUndefined();
    expect(pick(subsets, 'c', random, () => true)).toBeUndefined();
  }
});

it.each([
  [{ code: 'ECONNREFUSED', address: '10.0.0.1', port: 80 }, 'dial tcp 10.0.0.1:80: connect: connection refused'],
  [{ code: 'ENOTFOUND' }, 'dial tcp: lookup host: no such host'],
  [{ code: 'ETIMEDOUT' }, 'dial tcp host:443: i/o timeout'],
  [{ code: 'ECONNRESET', message: 'socket hang up' }, 'EOF'],
  [{ errors: [{ code: 'EHOSTUNREACH', address: '::1', port: 1 }] }, 'dial tcp [::1]:1: connect: no route to host'],
])('%j in Go’s words', (error, text) => expect(goError(error, 'https://host')).toBe(text));
