import { describe, expect, test } from 'vitest';
import { errorBody } from '../../apimachinery/fieldErrors.ts';
import {
  parseLabelSelector,
  SelectorError,
  selectorFromLabels,
  selectorOf,
  validateLabelSelector,
} from '../../apimachinery/labelSelector.ts';

describe('from text', () => {
  const labels = { app: 'web', tier: 'front', weight: '5', 'x.io/y': '' };
  test.each([
    ['', true, ''],
    ['app=web', true, 'app=web'],
    ['app==web', true, 'app==web'],
    ['app!=web', false, 'app!=web'],
    ['gone!=web', true, 'gone!=web'],
    ['tier in (front, back)', true, 'tier in (back,front)'],
    ['tier notin (front)', false, 'tier notin (front)'],
    ['gone notin (a)', true, 'gone notin (a)'],
    ['app', true, 'app'],
    ['!app', false, '!app'],
    ['!gone , app', true, 'app,!gone'],
    ['weight>4,weight<6', true, 'weight>4,weight<6'],
    ['weight>5', false, 'weight>5'],
    ['app>4', false, 'app>4'],
    ['x.io/y=', true, 'x.io/y='],
    ['x.io/y in ()', true, 'x.io/y in ()'],
    ['in=web', false, 'in=web'],
    ['constructor', false, 'constructor'],
    ['b=1,a=2', false, 'a=2,b=1'],
  ])('%j matches: %s, prints as %j', (text, matches, printed) => {
    const selector = parseLabelSelector(text);
    expect(selector.matches(labels)).toBe(matches);
    expect(selector.toString()).toBe(printed);
  });
  test('absent labels are no labels', () => {
    expect(parseLabelSelector('!a').matches(undefined)).toBe(true);
  });

  test.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a,', "found '', expected: identifier after ','"],
    ['(', "found '(', expected: !, identifier, or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a=(', "unable to parse requirement: found '(', expected: identifier"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['-', /^unable to parse requirement: <nil>: Invalid value: "-": name part must consist of/],
    ['a=-', /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-": a valid label must be/],
  ])('%j is refused', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(SelectorError);
    expect(() => parseLabelSelector(text)).toThrow(message);
  });
});

describe('from a LabelSelector', () => {
  test('absent selects nothing, empty everything', () => {
    expect(selectorOf(undefined).matches({ a: 'b' })).toBe(false);
    expect(selectorOf({}).matches(undefined)).toBe(true);
    expect(selectorFromLabels({}).matches({ a: 'b' })).toBe(true);
    expect(selectorFromLabels({ a: 'b' }).matches({ a: 'c' })).toBe(false);
  });
  test('labels and expressions must all hold', () => {
    const selector = selectorOf({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    });
    expect(selector.toString()).toBe('app=web,!old,tier in (a,b)');
    expect(selector.matches({ app: 'web', tier: 'a' })).toBe(true);
    expect(selector.matches({ app: 'web', tier: 'a', old: '' })).toBe(false);
  });
  test('a malformed one throws', () => {
    const bad = (operator: string, values?: string[]) => () =>
      selectorOf({ matchExpressions: [{ key: 'a', operator, values }] });
    expect(bad('Is')).toThrow('"Is" is not a valid label selector operator');
    expect(bad('In')).toThrow("values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty");
  });
  test('and validation names each field', () => {
    const errors = validateLabelSelector(
      {
        matchLabels: { '': 'x' },
        matchExpressions: [
          { key: 'a', operator: 'In' },
          { key: 'a', operator: 'Exists', values: ['-'] },
          { key: 'a', operator: 'Is' },
        ],
      },
      'spec.selector',
    );
    expect(errors.map((e) => `${e.field}: ${errorBody(e)}`)).toEqual([
      'spec.selector.matchLabels: Invalid value: "": name part must be non-empty',
      expect.stringMatching(/^spec.selector.matchLabels: Invalid value: "": name part must consist/),
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "spec.selector.matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      expect.stringMatching(/^spec.selector.matchExpressions\[1\].values\[0\]: Invalid value: "-": a valid label/),
      'spec.selector.matchExpressions[2].operator: Invalid value: "Is": not a valid selector operator',
    ]);
  });
});
