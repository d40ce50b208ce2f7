// Who asks: bearer tokens true and broken, impersonation, front-proxy headers, in every filter that reads them.
import { asked } from '../fuzzServer.ts';
import { anything, mutateText, odd, oddText } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');
const header = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 4000);

let issued: Promise<string> | undefined;

function madeUp(random: Random): string {
  const head = {
    alg: random.pick(['RS256', 'none', 'HS256', 'ES256', 'x']),
    kid: oddText(random),
    typ: 'JWT',
  };
  const claims = {
    iss: 'https://kubernetes.default.svc.cluster.local',
    aud: anything(random, 1),
    exp: random.pick<unknown>([0, 4e9, 'x', null]),
    sub: random.pick(odd),
    'kubernetes.io': anything(random, 3),
  };
  return `${part(head)}.${part(claims)}.${random.bytes(random.below(300)).toString('base64url')}`;
}

export const credentials: Target = {
  name: 'credentials',
  async run(random, { http }) {
    issued ??= http('/api/v1/namespaces/default/serviceaccounts/default/token', {
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    }).then((reply) => reply.json.status.token);
    const token = random.chance(0.5) ? mutateText(random, await issued, 1 + random.below(3)) : madeUp(random);
    const headers: Record<string, string> = {};
    if (random.chance(0.7))
      headers['authorization'] = header(`${random.pick(['Bearer ', 'bearer ', 'Basic ', ''])}${token}`);
    for (const name of [
      'impersonate-user',
      'impersonate-group',
      'impersonate-uid',
      'impersonate-extra-a%2fb',
      'x-remote-user',
      'x-remote-group',
    ])
      if (random.chance(0.15)) headers[name] = header(oddText(random));
    if (random.chance(0.3)) {
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: anything(random, 1) },
      };
      return asked(http, '/apis/authentication.k8s.io/v1/tokenreviews', { body: JSON.stringify(body) });
    }
    return asked(http, random.pick(['/api/v1/pods', '/readyz', '/apis/authentication.k8s.io/v1/selfsubjectreviews']), {
      headers,
    });
  },
};
