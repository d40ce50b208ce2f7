// An answer of the scheduler as text: the nodes with scores or refusals, and for a pod that waits what it would take.
// Pure. Reads: Explanation of scheduler/explain.ts. Used by: commands/why.ts.
import { quantityOf, quantityText } from '../../apimachinery/quantity.ts';
import type { Explanation, NodeExplanation } from '../../scheduler/explain.ts';

/** Lines; with ANSI colours when `colour`. */
export function whyTable(e: Explanation, pod: string, colour: boolean): string[] {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const lines = [paint(1, headline(e, pod)), ...(e.message ? [e.message] : [])];
  for (const [why, plugins] of byReason(e.preFilter ?? {}))
    lines.push(`No node is looked at: ${why} (${plugins.join(', ')}).`);
  const compared = e.nodes.filter((n) => n.scores);
  if (compared.length) lines.push('', ...scoreTable(e, compared, paint));
  const refused = e.nodes.filter((n) => n.refused);
  if (refused.length) lines.push('', ...refusedTable(refused, paint));
  const others = e.nodes.filter((n) => !n.scores && !n.refused).length;
  if (others) lines.push(`... and ${others} nodes that fit but were not compared: enough had been found.`);
  const left = e.nodeCount - e.nodes.length;
  if (left > 0 && !e.preFilter) lines.push(`... and ${left} more nodes.`);
  if (e.waits) lines.push('', ...waitLines(e));
  return lines;
}

/** Several plugins may stumble over the same thing. */
function byReason(said: Readonly<Record<string, string>>): Map<string, string[]> {
  const plugins = new Map<string, string[]>();
  for (const [plugin, why] of Object.entries(said)) plugins.set(why, [...(plugins.get(why) ?? []), plugin]);
  return plugins;
}

type Paint = (code: number, text: string) => string;
const [green, red] = [32, 31];

function headline({ outcome, node, attempt, time, scheduler, compared, nodeCount }: Explanation, pod: string): string {
  const by = `by ${scheduler}, ${attempt ? `attempt ${attempt}, ` : ''}${time}`;
  const among = `${compared} of ${nodeCount} nodes compared`;
  if (outcome === 'Scheduled') return `${pod} was given to node ${node}: ${among}, ${by}`;
  if (outcome === 'Asked')
    return `${pod}, as the cluster is now: ${node ? `node ${node}` : 'no node'}, ${among}, ${by}`;
  return `${pod} has no node: ${outcome}, ${by}`;
}

/** Highest total first; each plugin's score times its weight makes the total. */
function scoreTable({ weights, node: chosen }: Explanation, nodes: readonly NodeExplanation[], paint: Paint): string[] {
  const plugins = Object.keys(weights);
  const head = ['NODE', ...plugins.map((p) => `${p} x${weights[p]}`), 'TOTAL', ''];
  const rows = nodes.map(({ name, scores, total }) => [
    name,
    ...plugins.map((p) => String(scores?.[p] ?? '-')),
    String(total ?? '-'),
    name === chosen ? '<- chosen' : '',
  ]);
  const [first = '', ...rest] = columns([head, ...rows]);
  return [first, ...rest.map((line) => (line.endsWith('<- chosen') ? paint(green, line) : line))];
}

function refusedTable(nodes: readonly NodeExplanation[], paint: Paint): string[] {
  const rows = nodes.flatMap(({ name, refused, lacks }) =>
    Object.entries(refused!).map(([plugin, why], i) => [i ? '' : name, plugin, why + shortage(plugin, lacks)]),
  );
  const [head = '', ...rest] = columns([['NODE', 'REFUSED BY', 'WHY'], ...rows]);
  return [head, ...rest.map((line) => paint(red, line))];
}

const shortage = (plugin: string, lacks: NodeExplanation['lacks']): string =>
  plugin === 'NodeResourcesFit' && lacks ? ` (${amounts(lacks)} too little)` : '';

const amounts = (lacks: Readonly<Record<string, number>>): string =>
  Object.entries(lacks)
    .map(([resource, n]) => `${amount(resource, n)} ${resource}`)
    .join(', ');

function amount(resource: string, n: number): string {
  if (resource === 'cpu') return n % 1000 ? `${n}m` : String(n / 1000);
  const isBytes = resource === 'memory' || resource === 'ephemeral-storage' || resource.startsWith('hugepages-');
  return isBytes ? quantityText(quantityOf(n, 'BinarySI')) : String(n);
}

// --- a pod that waits --------------------------------------------------------------------------------------------------

function waitLines(e: Explanation): string[] {
  const { queue, since, until, gatedBy, events } = e.waits!;
  const where = gatedBy
    ? `It is kept out of the queue by ${gatedBy}, since ${since}.`
    : `It waits (${queue}${until ? `, until ${until} at least` : ''}), since ${since}.`;
  const helps = Object.entries(events).map(
    ([plugin, list]) => `  ${plugin}: ${list.length ? list.join(', ') : 'none'}`,
  );
  return [
    where,
    ...takes(e.nodes),
    ...(helps.length ? ['Events that have it tried again, by the plugin that refused it:', ...helps] : []),
  ];
}

/** The nodes with the fewest things in the way. */
function takes(nodes: readonly NodeExplanation[]): string[] {
  const refused = nodes.filter((n) => n.refused);
  if (!refused.length) return [];
  const obstacles = (n: NodeExplanation) => Object.keys(n.refused!).length;
  const least = Math.min(...refused.map(obstacles));
  const gap = ({ lacks = {} }: NodeExplanation) => Object.values(lacks).reduce((a, b) => a + b, 0);
  const nearest = refused.filter((n) => obstacles(n) === least).sort((a, b) => gap(a) - gap(b));
  const lines = nearest.slice(0, 3).map((n) => `  ${n.name}: ${remedies(n).join(' and ')}`);
  return ['What it would take, on the nodes that come closest:', ...lines];
}

/** What would have to be otherwise, by plugin; the plugin's own words where no better ones are known. */
const known: Readonly<Record<string, string>> = {
  NodeUnschedulable: 'uncordon it',
  TaintToleration: 'take the taint off, or tolerate it',
  NodeAffinity: "label it as the pod's selector or affinity asks",
  NodeName: 'name this node',
  NodePorts: 'free the host port',
  PodTopologySpread: 'more pods elsewhere, or a larger maxSkew',
  InterPodAffinity: 'other neighbours, or other affinity terms',
  VolumeRestrictions: 'the pod that uses the volume must go',
  NodeVolumeLimits: 'a volume of this driver must be detached',
  VolumeZone: 'a volume of its zone',
};

const remedies = ({ refused, lacks }: NodeExplanation): string[] =>
  Object.entries(refused!).map(([plugin, why]) => {
    if (plugin === 'NodeResourcesFit' && lacks) return `free ${amounts(lacks)}`;
    const remedy = known[plugin];
    return remedy ? `${remedy} (${why})` : `${plugin}: ${why}`;
  });

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0)));
  return rows.map((r) =>
    r
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
