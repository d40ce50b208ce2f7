import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../../apimachinery/types.ts';
import { compactRules, missingRules, ruleAllows, ruleText } from '../../../apiserver/authorization/rules.ts';

const on = (verb: string, group: string, path: string, name = '') => {
  const [plural = '', subresource = ''] = path.split('/');
  return { user: {}, verb, resource: { group, version: 'v1', plural, subresource, namespace: 'a', name } };
};
const at = (verb: string, path: string) => ({ user: {}, verb, path });
const rule = (r: Partial<PolicyRule>): PolicyRule => ({ verbs: ['get'], ...r });
const pods = rule({ apiGroups: [''], resources: ['pods'] });

describe('ruleAllows', () => {
  it.each([
    [pods, on('get', '', 'pods'), true],
    [pods, on('list', '', 'pods'), false],
    [pods, on('get', 'apps', 'pods'), false],
    [pods, on('get', '', 'pods/log'), false],
    [rule({ apiGroups: [''], resources: ['pods/log'] }), on('get', '', 'pods/log'), true],
    [rule({ apiGroups: ['*'], resources: ['*/scale'] }), on('get', 'apps', 'deployments/scale'), true],
    [rule({ apiGroups: ['*'], resources: ['*/scale'] }), on('get', 'apps', 'deployments'), false],
    [rule({ apiGroups: ['*'], resources: ['*'] }), on('get', 'apps', 'deployments/scale'), true],
    [{ ...pods, verbs: ['*'] }, on('frobnicate', '', 'pods'), true],
    [{ ...pods, resourceNames: ['x'] }, on('get', '', 'pods', 'x'), true],
    [{ ...pods, resourceNames: ['x'] }, on('get', '', 'pods', 'y'), false],
    [{ ...pods, resourceNames: ['x'] }, on('get', '', 'pods'), false],
    [pods, at('get', '/metrics'), false],
    [rule({ nonResourceURLs: ['/metrics'] }), at('get', '/metrics'), true],
    [rule({ nonResourceURLs: ['/metrics'] }), at('get', '/metrics/x'), false],
    [rule({ nonResourceURLs: ['/api/*'] }), at('get', '/api/v1'), true],
    [rule({ nonResourceURLs: ['/api/*'] }), at('get', '/api'), false],
    [rule({ nonResourceURLs: ['*'] }), at('get', '/x'), true],
    [rule({ nonResourceURLs: ['*'] }), on('get', '', 'pods'), false],
  ])('%j on %j is %s', (r, attributes, allowed) => expect(ruleAllows(r, attributes)).toBe(allowed));
});

describe('missingRules', () => {
  const missing = (own: PolicyRule[], wanted: PolicyRule[]) => compactRules(missingRules(own, wanted)).map(ruleText);
  it.each<[string, PolicyRule[], PolicyRule[], string[]]>([
    ['the same', [pods], [pods], []],
    [
      'another verb',
      [pods],
      [{ ...pods, verbs: ['get', 'list'] }],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["list"]}'],
    ],
    [
      'verbs of one thing become one rule',
      [],
      [{ ...pods, verbs: ['get', 'list'] }],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}'],
    ],
    ['all covers each', [rule({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] })], [pods], []],
    [
      'each does not cover all',
      [pods],
      [{ ...pods, resources: ['*'] }],
      ['{APIGroups:[""], Resources:["*"], Verbs:["get"]}'],
    ],
    [
      'a name does not cover all names',
      [{ ...pods, resourceNames: ['x'] }],
      [pods],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'],
    ],
    ['all names cover one', [pods], [{ ...pods, resourceNames: ['x'] }], []],
    [
      'a wildcard subresource',
      [rule({ apiGroups: [''], resources: ['*/log'] })],
      [rule({ apiGroups: [''], resources: ['pods/log'] })],
      [],
    ],
    [
      'paths by prefix',
      [rule({ nonResourceURLs: ['/api/*'] })],
      [rule({ nonResourceURLs: ['/api/v1', '/x'] })],
      ['{NonResourceURLs:["/x"], Verbs:["get"]}'],
    ],
    ['two rules together cover one', [pods, { ...pods, verbs: ['list'] }], [{ ...pods, verbs: ['get', 'list'] }], []],
  ])('%s', (_, own, wanted, expected) => expect(missing(own, wanted)).toEqual(expected));
});
