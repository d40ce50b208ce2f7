// Custom resources: definitions with made-up schemas, patterns and rules, then objects of them, good and broken.
// What cannot be a definition must be refused; what is accepted must bear any object.
import { asked, type FuzzServer } from '../fuzzServer.ts';
import { anything, mutateObject, mutateText, oddValue } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../targets.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const names = ['a', 'b', 'count', 'items', 'name', 'constructor', 'x-y'];
const patterns = [
  '^a+$',
  '^(a+)+$',
  '^(a|aa)+$',
  '(.*)*x',
  '^[a-z]([-a-z0-9]*[a-z0-9])?$',
  '\\\\p{L}{2,1000}',
  '(?i)é',
  '[',
  'a{1001}',
  '(?=a)',
];
const formats = ['date-time', 'int32', 'int64', 'byte', 'uuid', 'ipv4', 'cidr', 'duration', 'x'];
const rules = [
  'self == oldSelf',
  'has(self.a)',
  'self.a > self.count',
  'size(self) < 5',
  'self.all(x, x > 0)',
  'self.map(x, self.map(y, self.map(z, x))).size() < 9',
  "self.matches('^(a+)+$')",
  'self.exists_one(k, self[k] == 1)',
  "quantity(self).isGreaterThan(quantity('1'))",
  "self.b.split(',').join('x').lowerAscii() == url('http://a').getHost()",
  'oldSelf.hasValue() ? oldSelf.value() == self : true',
  '1 / self.count == 0',
  "ip(self.a).family() == 4 || cidr('10.0.0.0/8').containsIP(self.a)",
  '[1,2,3].sortBy(x, -x)[0] == self.count',
  'true',
];

function rule(random: Random): object {
  const text = random.pick(rules);
  return {
    rule: random.chance(0.3) ? mutateText(random, text, 1 + random.below(3)) : text,
    ...(random.chance(0.3)
      ? { messageExpression: random.pick(["'x' + string(self.count)", 'self', '[', "'a'.repeat(9)"]) }
      : {}),
    ...(random.chance(0.2) ? { fieldPath: random.pick(['.a', '.items[0]', ".['b']", 'x', '.a.b.c']) } : {}),
    ...(random.chance(0.1) ? { optionalOldSelf: true } : {}),
  };
}

/** A schema of one value; `value` makes what it likely takes. */
function schema(random: Random, depth: number): any {
  const more: any = {
    ...(random.chance(0.2) ? { nullable: true } : {}),
    ...(random.chance(0.25)
      ? { 'x-kubernetes-validations': Array.from({ length: 1 + random.below(2) }, () => rule(random)) }
      : {}),
    ...(random.chance(0.15) ? { default: random.chance(0.5) ? oddValue(random) : 1 } : {}),
    ...(random.chance(0.1) ? { enum: [oddValue(random), 'a', 1] } : {}),
  };
  if (random.chance(0.1)) return { 'x-kubernetes-preserve-unknown-fields': true, ...more };
  if (random.chance(0.1)) return { 'x-kubernetes-int-or-string': true, ...more };
  const sort =
    depth > 0
      ? random.pick(['object', 'object', 'map', 'array', 'array', 'string', 'integer'])
      : random.pick(['string', 'integer', 'number', 'boolean']);
  if (sort === 'object')
    return {
      type: 'object',
      properties: propertiesOf(random, depth),
      ...(random.chance(0.3) ? { required: [random.pick(names)] } : {}),
      ...more,
    };
  if (sort === 'map')
    return { type: 'object', additionalProperties: schema(random, depth - 1), maxProperties: 5, ...more };
  if (sort === 'array') {
    const items = schema(random, depth - 1);
    const listType = random.pick([undefined, 'atomic', 'set', 'map']);
    const keys = listType === 'map' ? { 'x-kubernetes-list-map-keys': [random.pick(names)] } : {};
    return {
      type: 'array',
      items,
      ...(listType ? { 'x-kubernetes-list-type': listType, ...keys } : {}),
      ...(random.chance(0.6) ? { maxItems: random.below(20) } : {}),
      ...more,
    };
  }
  if (sort === 'string')
    return {
      type: 'string',
      ...(random.chance(0.4) ? { pattern: random.pick(patterns) } : {}),
      ...(random.chance(0.3) ? { format: random.pick(formats) } : {}),
      ...(random.chance(0.3) ? { maxLength: random.below(200) } : {}),
      ...more,
    };
  return {
    type: sort,
    ...(random.chance(0.3) ? { minimum: random.below(5), multipleOf: random.below(3) } : {}),
    ...more,
  };
}

const propertiesOf = (random: Random, depth: number) =>
  Object.fromEntries(Array.from({ length: random.below(5) }, () => [random.pick(names), schema(random, depth - 1)]));

/** A value that fits the schema's types, about. */
function value(random: Random, s: any): any {
  if (random.chance(0.05) || !s) return anything(random, 3);
  if (s.type === 'object') {
    const inner = Object.entries(s.properties ?? {}).map(([name, of]) => [name, value(random, of)]);
    if (s.additionalProperties)
      for (const name of names.slice(random.below(5))) inner.push([name, value(random, s.additionalProperties)]);
    return Object.fromEntries(inner);
  }
  if (s.type === 'array') return Array.from({ length: random.below(6) }, () => value(random, s.items));
  if (s.type === 'string')
    return random.pick(['a', 'aaaa', `${'a'.repeat(random.below(300))}!`, '2024-01-01T00:00:00Z', '10.0.0.1']);
  if (s.type === 'boolean') return random.chance(0.5);
  return s.type ? random.pick([0, 1, 2, 2 ** 40, 0.5]) : anything(random, 3);
}

function definition(random: Random, plural: string, spec: any): any {
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    },
    ...(random.chance(0.5)
      ? {
          subresources: {
            status: {},
            ...(random.chance(0.5)
              ? { scale: { specReplicasPath: '.spec.count', statusReplicasPath: '.status.count' } }
              : {}),
          },
        }
      : {}),
    ...(random.chance(0.3)
      ? {
          additionalPrinterColumns: [
            {
              name: 'C',
              type: random.pick(['string', 'integer', 'date', 'x']),
              jsonPath: random.pick(['.spec.count', '.spec.items[*].a', '.spec[', '..a', '.metadata.labels.a']),
            },
          ],
        }
      : {}),
    ...(random.chance(0.2) ? { selectableFields: [{ jsonPath: '.spec.a' }] } : {}),
  });
  const object = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.fuzz.example.com` },
    spec: {
      group: 'fuzz.example.com',
      scope: 'Namespaced',
      names: { plural, kind: plural.toUpperCase() },
      versions: random.chance(0.2) ? [version('v1', true), version('v2', false)] : [version('v1', true)],
    },
  };
  return random.chance(0.3) ? mutateObject(random, object, 1 + random.below(3)) : object;
}

/** Objects of an accepted definition: each made, changed, shown in its columns. */
async function objectsOf(random: Random, { http }: FuzzServer, plural: string, spec: any): Promise<string | undefined> {
  const at = `/apis/fuzz.example.com/v1/namespaces/default/${plural}`;
  const object = (name: string) => ({
    apiVersion: 'fuzz.example.com/v1',
    kind: plural.toUpperCase(),
    metadata: { name },
    spec: value(random, spec),
  });
  for (let i = 0; i < 4; i++) {
    const body = () => JSON.stringify(mutateObject(random, object(`o${i}`), random.below(3)));
    const one = `${at}/o${i}`;
    const found =
      (await asked(http, at, { method: 'POST', body: body() })) ??
      (await asked(http, `${one}?fieldManager=f&force=true`, {
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        body: body(),
      })) ??
      (await asked(http, one, {
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: JSON.stringify({ spec: value(random, spec) }),
      })) ??
      (await asked(http, `${one}/${random.pick(['status', 'scale'])}`, {
        method: random.pick(['GET', 'PUT', 'PATCH']),
        type: 'application/merge-patch+json',
        body: body(),
      }));
    if (found) return found;
  }
  return asked(http, at, {
    headers: {
      accept: random.pick(['application/json;as=Table;v=v1;g=meta.k8s.io', 'application/json', 'application/cbor']),
    },
  });
}

export const customs: Target = {
  name: 'customs',
  async run(random, fuzzed, n) {
    const { http } = fuzzed;
    const plural = `k${n}`;
    const spec = schema(random, 1 + random.below(4));
    const path = `${definitions}/${plural}.fuzz.example.com`;
    const body = JSON.stringify(definition(random, plural, spec));
    const refused = await asked(http, definitions, { method: 'POST', body });
    if (refused) return refused;
    const found = await objectsOf(random, fuzzed, plural, spec);
    const again = random.chance(0.3)
      ? await asked(http, path, {
          method: 'PATCH',
          type: 'application/merge-patch+json',
          body: JSON.stringify({ spec: definition(random, plural, schema(random, 2)).spec ?? null }),
        })
      : undefined;
    const gone = await asked(http, path, { method: 'DELETE' });
    return found ? `of ${body}\n${found}` : (again ?? gone);
  },
};
