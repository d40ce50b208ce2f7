import { describe, expect, it } from 'vitest';
import { parseCronSchedule } from '../../apimachinery/cron.ts';
import { nextTime, timeInZone } from '../../apimachinery/cronNext.ts';

const next = (schedule: string, after: string, zone = 'UTC') => {
  const parsed = parseCronSchedule(schedule);
  const t = nextTime(parsed, Date.parse(after), parsed.zone ?? zone);
  return t === undefined ? undefined : timeInZone(t, parsed.zone ?? zone);
};

describe('the next time', () => {
  it.each([
    ['0/15 * * * *', '2012-07-09T14:45:00Z', '2012-07-09T15:00:00Z'],
    ['0/15 * * * *', '2012-07-09T14:59:59Z', '2012-07-09T15:00:00Z'],
    ['20-35/15 * * * *', '2012-07-09T15:45:00Z', '2012-07-09T16:20:00Z'],
    ['*/15 * * * *', '2012-12-31T23:45:00Z', '2013-01-01T00:00:00Z'],
    ['0 0 29 2 *', '2012-03-01T00:00:00Z', '2016-02-29T00:00:00Z'],
    ['0 0 * feb mon', '2012-07-09T23:35:00Z', '2013-02-04T00:00:00Z'],
    ['0 0 1 * mon', '2024-03-02T00:00:00Z', '2024-03-04T00:00:00Z'],
    ['0 0 31 2 *', '2012-01-01T00:00:00Z', undefined],
    ['@monthly', '2024-01-31T12:00:00Z', '2024-02-01T00:00:00Z'],
    ['@every 1h', '2012-07-09T14:45:00.500Z', '2012-07-09T15:45:00Z'],
    ['@every 10s', '2012-07-09T14:45:00Z', '2012-07-09T14:45:10Z'],
  ])('%s after %s: %s', (schedule, after, wanted) => {
    expect(next(schedule, after)).toBe(wanted);
  });

  it.each([
    ['an hour that is skipped is skipped', '0 2 * * *', '2012-03-11T00:00:00-05:00', '2012-03-12T02:00:00-04:00'],
    ['the day goes on after it', '30 * * * *', '2012-03-11T01:30:00-05:00', '2012-03-11T03:30:00-04:00'],
    ['an hour that comes twice', '0 1 * * *', '2012-11-04T01:00:00-04:00', '2012-11-04T01:00:00-05:00'],
    ['and once more tomorrow', '0 1 * * *', '2012-11-04T01:00:00-05:00', '2012-11-05T01:00:00-05:00'],
    ['midnight after a long day', '0 0 * * *', '2012-11-04T00:00:00-04:00', '2012-11-05T00:00:00-05:00'],
    ['midnight after a short day', '0 0 * * *', '2012-03-11T00:00:00-05:00', '2012-03-12T00:00:00-04:00'],
  ])('%s', (_name, schedule, after, wanted) => {
    expect(next(schedule, after, 'America/New_York')).toBe(wanted);
  });

  it('goes by the zone, also where midnight itself is skipped', () => {
    expect(next('TZ=Asia/Tokyo 0 9 * * *', '2024-01-01T00:00:00Z')).toBe('2024-01-02T09:00:00+09:00');
    expect(next('0 9 * * *', '2024-01-01T12:00:00Z', 'Asia/Kolkata')).toBe('2024-01-02T09:00:00+05:30');
    expect(next('0 5 4 11 *', '2018-11-03T12:00:00Z', 'America/Sao_Paulo')).toBe('2018-11-04T05:00:00-02:00');
    expect(next('0 0 4 11 *', '2018-11-03T12:00:00Z', 'America/Sao_Paulo')).toBe('2019-11-04T00:00:00-03:00');
  });

  it('finds a rare day quickly in any zone', () => {
    const before = performance.now();
    expect(next('0 0 30 2 *', '2024-01-01T00:00:00Z', 'Europe/Paris')).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
