import { expect, test } from 'vitest';
import { parseCronSchedule, timeZoneError } from '../../apimachinery/cron.ts';

const fields = (text: string) => {
  const schedule = parseCronSchedule(text);
  if ('every' in schedule) return schedule.every;
  const { minute, hour, dayOfMonth, month, dayOfWeek } = schedule;
  return [minute, hour, dayOfMonth, month, dayOfWeek].map((f) => (f.any ? '*' : [...f.values].join(',')));
};

test.each<[string, unknown]>([
  ['* * * * ?', ['*', '*', '*', '*', '*']],
  ['*/20 1-3 5/10 JAN,mar Mon-Fri', ['0,20,40', '1,2,3', '5,15,25', '1,3', '1,2,3,4,5']],
  ['0-30/10  12\t1 1 0', ['0,10,20,30', '12', '1', '1', '0']],
  ['*/1 0 1 1 0', ['*', '0', '1', '1', '0']],
  ['@hourly', ['0', '*', '*', '*', '*']],
  ['@midnight', ['0', '0', '*', '*', '*']],
  ['@weekly', ['0', '0', '*', '*', '0']],
  ['@monthly', ['0', '0', '1', '*', '*']],
  ['@annually', ['0', '0', '1', '1', '*']],
  ['@every 1h30m', 5_400_000],
  ['@every 1.5s', 1000],
  ['@every 10ms', 1000],
  ['TZ=Europe/Paris 5 4 * * *', ['5', '4', '*', '*', '*']],
])('%j', (text, expected) => {
  expect(fields(text)).toEqual(expected);
});

test('the zone of a schedule', () => {
  expect(parseCronSchedule('CRON_TZ=Asia/Tokyo @daily').zone).toBe('Asia/Tokyo');
  expect(parseCronSchedule('@daily').zone).toBeUndefined();
});

test.each<[string, string]>([
  ['', 'empty spec string'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['*/2/3 * * * *', 'too many slashes: */2/3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['@never', 'unrecognized descriptor: @never'],
  ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
  ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
  ['@every 5y', 'failed to parse duration @every 5y: time: unknown unit "y" in duration "5y"'],
  ['TZ=0', 'invalid schedule format: runtime error: slice bounds out of range [:-1]'],
  ['TZ=Nowhere @daily', 'provided bad location Nowhere: unknown time zone Nowhere'],
])('%j is refused', (text, expected) => {
  expect(() => parseCronSchedule(text)).toThrow(expected);
});

test('zones', () => {
  for (const name of ['UTC', 'Europe/Berlin', 'US/Eastern', 'Etc/GMT+5'])
    expect([name, timeZoneError(name)]).toEqual([name, undefined]);
  for (const name of ['europe/berlin', 'Mars/Base', '+01:00', '0100'])
    expect(timeZoneError(name)).toBe(`unknown time zone ${name}`);
  expect(timeZoneError('../etc/passwd')).toBe('time: invalid location name');
});
