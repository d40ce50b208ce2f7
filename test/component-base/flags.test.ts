// Flags as a table: what is read from the command line, and what is refused with one sentence.
import { describe, expect, it } from 'vitest';
import { type Flags, parseFlags } from '../../component-base/flags.ts';

const table = {
  gates: { type: 'map', default: {}, help: '' },
  config: { type: 'map', default: {}, help: '', bareKeys: true },
} satisfies Flags;

describe('maps', () => {
  it.each([
    ['a=1,b=2', { a: '1', b: '2' }],
    [' a = 1 ', { a: '1' }],
    ['a=x=y', { a: 'x=y' }],
    ['', {}],
  ])('%s', (text, value) => {
    expect(parseFlags(table, [`--gates=${text}`]).config.gates).toEqual(value);
    expect(parseFlags(table, [`--config=${text}`]).config.config).toEqual(value);
  });

  it('a key alone stands where the flag says so', () => {
    expect(parseFlags(table, ['--config=api/v1,apps/v1=false']).config.config).toEqual({
      'api/v1': '',
      'apps/v1': 'false',
    });
    expect(() => parseFlags(table, ['--gates=A'])).toThrow('must be key=value pairs');
  });

  it('a flag given twice adds up', () => {
    expect(parseFlags(table, ['--gates=a=1', '--gates', 'b=2,a=3']).config.gates).toEqual({ a: '3', b: '2' });
  });
});
