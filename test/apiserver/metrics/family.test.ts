import { expect, test } from 'vitest';
import { counters, histograms, textOf } from '../../../apiserver/metrics/family.ts';

test('counters and histograms as Prometheus reads them', async () => {
  const asked = counters('asked_total', 'How often.', ['who', 'what']);
  asked.of('a"\\b\n', 'x').value += 2;
  asked.of('c', 'y').value++;
  const took = histograms('took_seconds', 'How long.', ['who'], [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) took.of('a').observe(value);
  const bare = counters('bare', 'No labels.', [], 'gauge');
  bare.of().value = 3;
  expect(await textOf([asked, took, bare])).toBe(`# HELP asked_total How often.
# TYPE asked_total counter
asked_total{who="a\\"\\\\b\\n",what="x"} 2
asked_total{who="c",what="y"} 1
# HELP took_seconds How long.
# TYPE took_seconds histogram
took_seconds_bucket{who="a",le="0.1"} 2
took_seconds_bucket{who="a",le="1"} 3
took_seconds_bucket{who="a",le="+Inf"} 4
took_seconds_sum{who="a"} 7.65
took_seconds_count{who="a"} 4
# HELP bare No labels.
# TYPE bare gauge
bare 3
`);
});

test('what is forgotten is shown no more, and begins anew', async () => {
  const asked = counters('asked_total', 'How often.', ['who']);
  asked.of('a').value = 5;
  asked.of('b').value = 6;
  asked.forget(([who]) => who === 'a');
  expect(await textOf([asked])).not.toContain('"a"');
  expect(asked.of('a').value).toBe(0);
  expect(asked.of('b').value).toBe(6);
});

test('thousands of series leave others their turn', async () => {
  const many = histograms(
    'many_seconds',
    'Many.',
    ['who'],
    Array.from({ length: 23 }, (_, i) => i),
  );
  for (let i = 0; i < 20_000; i++) many.of(`n${i}`).observe(1);
  let longest = 0;
  let last = process.threadCpuUsage().user;
  const timer = setInterval(() => {
    const now = process.threadCpuUsage().user;
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  const text = await textOf([many]);
  clearInterval(timer);
  expect(text.split('\n').length).toBeGreaterThan(500_000);
  expect(longest / 1000).toBeLessThan(100);
});
