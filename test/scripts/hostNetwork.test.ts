import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { noNetns } from '../kit/netns.ts';

const script = new URL('../../scripts/hostNetwork.mjs', import.meta.url).pathname;
const missing = noNetns();

it('sees a rule, a chain and a route that were not there, and nothing else', (context) => {
  if (missing) context.skip(missing);
  const program = `
    import { execSync } from 'node:child_process';
    import { hostNetwork, networkDifference } from '${script}';
    const before = hostNetwork();
    const same = networkDifference(before, hostNetwork());
    execSync('ip link set lo up; iptables -N OURS; iptables -A OURS -j ACCEPT; ip route add 10.9.0.0/16 dev lo');
    console.log(JSON.stringify([same ?? 'same', networkDifference(before, hostNetwork())]));`;
  const told = execFileSync('unshare', ['-n', process.execPath, '--input-type=module', '-e', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [same, difference] = JSON.parse(told) as string[];
  expect(same).toBe('same');
  for (const line of ['+ iptables-save: :OURS -', '+ iptables-save: -A OURS -j ACCEPT', '+ ip: 10.9.0.0/16 dev lo'])
    expect(difference).toContain(line);
});
