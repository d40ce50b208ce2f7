// Bodies that no decoder should trust: JSON, YAML, protobuf and CBOR, cut, flipped and nested too deep.
import { asked } from '../fuzzServer.ts';
import { mutateBytes, mutateText } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';
import { objectOf, pathOf, remove, stored } from './collections.ts';

const json = 'application/json';
const yaml = 'application/yaml';
const protobuf = 'application/vnd.kubernetes.protobuf';
const cbor = 'application/cbor';

const deep = (open: string, close: string, n: number) => open.repeat(n) + close.repeat(n);

/** Texts and bytes that have brought decoders down before. */
const monsters: readonly ((random: Random) => [type: string, body: Buffer | string])[] = [
  (random) => [json, deep('[', ']', random.below(200_000))],
  (random) => [json, deep('{"a":', '}', random.below(50_000))],
  (random) => [json, `{"data":{${'"a":"b",'.repeat(random.below(20_000))}"a":"c"}}`],
  (random) => [json, `{"a":${'9'.repeat(random.below(100_000))}}`],
  (random) => [yaml, deep('[', ']', random.below(20_000))],
  (random) => [
    yaml,
    `${'a: &a [x]\n'}${Array.from({ length: 12 }, (_, i) => `b${i}: &b${i} [${`*${i ? `b${i - 1}` : 'a'},`.repeat(9)}]`).join('\n')}`.slice(
      0,
      200 + random.below(2000),
    ),
  ],
  (random) => [yaml, '- '.repeat(random.below(20_000))],
  (random) => [yaml, `? ${'{'.repeat(random.below(3_000))}`],
  (random) => [protobuf, Buffer.concat([Buffer.from('k8s\0'), random.bytes(random.below(2_000))])],
  (random) => [cbor, Buffer.concat([Buffer.from([0xd9, 0xd9, 0xf7]), random.bytes(random.below(500))])],
  (random) => [cbor, Buffer.from([0xd9, 0xd9, 0xf7, 0x9b, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, ...random.bytes(8)])],
  (random) => [cbor, Buffer.alloc(random.below(20_000), 0x81)],
];

export const bodies: Target = {
  name: 'bodies',
  async run(random, { http }, n) {
    const kind = random.pick(stored);
    if (random.chance(0.1)) {
      const [type, body] = random.pick(monsters)(random);
      return asked(http, pathOf(kind), { method: 'POST', type, body });
    }
    const text = JSON.stringify(objectOf(random, kind, `fuzz-${n}`));
    if (random.chance(0.4)) {
      const type = random.pick([json, yaml, 'application/apply-patch+yaml']);
      const patch = type.includes('patch');
      const path = patch ? `${pathOf(kind)}/fuzz-${n}?fieldManager=fuzz` : pathOf(kind);
      const body = mutateText(random, text, 1 + random.below(4));
      const finding = await asked(http, path, { method: patch ? 'PATCH' : 'POST', type, body });
      await remove(http, `${pathOf(kind)}/fuzz-${n}`);
      return finding;
    }
    // The server's own bytes are the best start for what it decodes.
    const accept = random.pick([protobuf, cbor]);
    const dry = `${pathOf(kind)}?dryRun=All`;
    const answer = await http(dry, { method: 'POST', body: text, accept });
    const bytes = mutateBytes(random, answer.bytes, 1 + random.below(4));
    return asked(http, dry, { method: 'POST', type: accept, body: bytes });
  },
};
