import { describe, expect, it } from 'vitest';
import type { Cause } from '../../apimachinery/cause.ts';
import { fromBaggage } from '../../apimachinery/cause.ts';
import {
  captureCauses,
  causeHeaders,
  currentCauses,
  mergeCauses,
  withCauses,
  withoutCauses,
} from '../../client/causes.ts';

const pod: Cause = { resource: 'pods', namespace: 'default', name: 'web', resourceVersion: '12' };

describe('causes', () => {
  it('follow the work across awaits and become headers', async () => {
    await withCauses([pod, { word: 'timer' }], async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const headers = causeHeaders();
      expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(fromBaggage(headers.baggage)).toEqual([pod, { word: 'timer' }]);
      expect(withoutCauses(() => causeHeaders())).toEqual({});
    });
    expect(causeHeaders()).toEqual({});
  });

  it('are kept for work done later', () => {
    const run = withCauses([pod], () => captureCauses());
    expect(currentCauses()).toEqual([]);
    expect(run(() => currentCauses())).toEqual([pod]);
  });

  it('merge each once, the newest 64', () => {
    const many = Array.from({ length: 100 }, (_, i): Cause => ({ ...pod, resourceVersion: String(i) }) as Cause);
    const merged = mergeCauses(many.slice(0, 60), many.slice(50));
    expect(merged).toHaveLength(64);
    expect(merged.at(-1)).toEqual(many[99]);
  });
});
