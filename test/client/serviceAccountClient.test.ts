import { describe, expect, it } from 'vitest';
import { serviceAccounts } from '../../apimachinery/resources.ts';
import { notFound } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { requestedTokens } from '../../client/serviceAccountClient.ts';
import { fakeClock } from './fakeClock.ts';

function server(clock: ReturnType<typeof fakeClock>) {
  const state = { exists: false, created: 0, tokens: 0 };
  const client = {
    async post(_r: unknown, name: string) {
      if (!state.exists) throw notFound(serviceAccounts, name);
      return {
        status: { token: `t${++state.tokens}`, expirationTimestamp: new Date(clock.now() + 3_600_000).toISOString() },
      };
    },
    async create() {
      state.created++;
      state.exists = true;
      return {};
    },
  } as unknown as Client;
  return { client, state };
}

describe('service account tokens', () => {
  it('make the account when it is absent, ask once for many, and renew at 80 % of their life', async () => {
    const clock = fakeClock();
    const { client, state } = server(clock);
    const source = requestedTokens(client, 'x-controller', clock);
    expect(await Promise.all([source.token(), source.token(), source.token()])).toEqual(['t1', 't1', 't1']);
    expect(state).toMatchObject({ created: 1, tokens: 1 });
    await clock.advance(2_879_000);
    expect(await source.token()).toBe('t1');
    await clock.advance(2_000);
    expect(await source.token()).toBe('t2');
  });

  it('are asked for again after a 401', async () => {
    const clock = fakeClock();
    const { client } = server(clock);
    const source = requestedTokens(client, 'x', clock);
    await source.token();
    source.refused!();
    expect(await source.token()).toBe('t2');
  });
});
