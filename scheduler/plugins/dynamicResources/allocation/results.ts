// From the devices that were picked to what is written into status.allocation: results, configuration, and the nodes that have them.
// Pure. Mirrors: the second half of Allocate and createNodeSelector in structured/internal/stable/allocator_stable.go.
// Called by: allocate.ts.
import type { AllocationResult, NodeSelector, ResourceClaim } from '../../../../apimachinery/types.ts';
import type { Request } from './requests.ts';
import type { Picked } from './search.ts';
import type { Candidate } from './types.ts';

type Config = NonNullable<NonNullable<AllocationResult['devices']>['config']>;

export function resultOf(
  claim: ResourceClaim,
  requests: readonly Request[],
  picked: readonly Picked[],
): AllocationResult {
  const results = picked.map(({ ask, candidate: { id } }) => ({
    request: ask.name,
    driver: id.driver,
    pool: id.pool,
    device: id.device,
    ...(ask.adminAccess && { adminAccess: true }),
  }));
  const config = configOf(claim, requests, picked);
  const nodeSelector = nodeSelectorOf(picked.map((p) => p.candidate));
  return {
    devices: { results, ...(config.length && { config }) },
    ...(nodeSelector && { nodeSelector }),
  };
}

/** First what the classes say, each once, then what the claim says. An entry that concerns every request names none. */
function configOf(claim: ResourceClaim, requests: readonly Request[], picked: readonly Picked[]): Config {
  const config: Config = [];
  const ofClass = new Map<string, Config>();
  const chosen = requests.map((request) => askTaken(request, picked));
  for (const ask of chosen) {
    const known = ofClass.get(ask.className);
    for (const entry of known ?? []) entry.requests!.push(ask.name);
    if (known) continue;
    const entries = (ask.class.spec.config ?? []).map((c) => ({ ...c, source: 'FromClass', requests: [ask.name] }));
    ofClass.set(ask.className, entries);
    config.push(...entries);
  }
  for (const { requests: about = [], ...rest } of claim.spec.devices?.config ?? []) {
    const concerned = chosen.some((ask) => about.includes(ask.request) || about.includes(ask.name));
    if (!about.length || concerned) config.push({ ...rest, source: 'FromClaim', requests: [...about] });
  }
  return config.map(({ requests: about, ...rest }) =>
    about!.length && about!.length !== requests.length ? { ...rest, requests: about! } : rest,
  );
}

/** A request of no device at all keeps to its first alternative. */
const askTaken = (request: Request, picked: readonly Picked[]) =>
  picked.find(({ ask }) => ask.request === request.name)?.ask ?? request.asks[0]!;

type Requirements = NonNullable<NodeSelector['nodeSelectorTerms'][number]['matchExpressions']>;

/** One device of one node ties the claim to that node; otherwise what all selectors ask for together. Undefined: any node. */
function nodeSelectorOf(candidates: readonly Candidate[]): NodeSelector | undefined {
  const fields: Requirements = [];
  const labels: Requirements = [];
  for (const { spec } of candidates.map((c) => c.slice)) {
    if (spec.nodeName) return onlyNode(spec.nodeName);
    const term = spec.nodeSelector?.nodeSelectorTerms[0];
    addNew(term?.matchFields ?? [], fields);
    addNew(term?.matchExpressions ?? [], labels);
  }
  if (!fields.length && !labels.length) return undefined;
  return {
    nodeSelectorTerms: [
      { ...(labels.length && { matchExpressions: labels }), ...(fields.length && { matchFields: fields }) },
    ],
  };
}

const onlyNode = (name: string): NodeSelector => ({
  nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
});

function addNew(from: Requirements, to: Requirements): void {
  for (const one of from) if (!to.some((other) => isSame(one, other))) to.push(one);
}

const isSame = (a: Requirements[number], b: Requirements[number]): boolean =>
  a.key === b.key && a.operator === b.operator && new Set(a.values).symmetricDifference(new Set(b.values)).size === 0;
