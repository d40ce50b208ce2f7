// `mini-k8s why POD`: what the scheduler's plugins said of each node, the scores, and what a pod that waits waits for.
// Reads the answer that the scheduler wrote on the pod; asks it for one, by an annotation, when there is none.
// Next: ../why/whyTable.ts, which prints it; scheduler/why.ts, which answers.
import { pods } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { Pod } from '../../apimachinery/types.ts';
import type { Client } from '../../client/client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { createClient } from '../../client/transport.ts';
import { UsageError } from '../../component-base/flags.ts';
import type { Explanation } from '../../scheduler/explain.ts';
import { answerAnnotation, askAnnotation } from '../../scheduler/why.ts';
import { clusterFlags, findCluster, readFlags } from '../flags.ts';
import { whyTable } from '../why/whyTable.ts';

const flags = {
  ...clusterFlags,
  n: { type: 'string', default: '', help: 'Namespace of the pod (short for --namespace).' },
  namespace: { type: 'string', default: 'default', help: 'Namespace of the pod.' },
  again: { type: 'bool', default: false, help: 'Ask anew, though there is an answer from an earlier attempt.' },
  o: { type: 'string', default: '', help: 'json: the answer as the scheduler wrote it.' },
} as const;

/** How long the scheduler may take to answer, in milliseconds. */
const patience = 10_000;

export async function run(args: readonly string[]): Promise<number> {
  const { config, set, rest } = readFlags(
    'Why a pod is where it is: mini-k8s why POD [-n NAMESPACE]',
    flags,
    args,
    true,
  );
  const [name = '', ...more] = rest.map((word) => word.replace(/^pods?\//, ''));
  if (!name || more.length) throw new UsageError('name one pod, such as: mini-k8s why web-0 -n shop');
  if (config.o && config.o !== 'json') throw new UsageError('-o takes json alone.');
  const client = createClient(await loadKubeconfig(findCluster(config, set).kubeconfig), { component: 'mini-k8s' });
  try {
    const explanation = await explanationOf(client, name, config.n || config.namespace, config.again);
    const text = config.o
      ? [JSON.stringify(explanation, undefined, 2)]
      : whyTable(explanation, `${config.n || config.namespace}/${name}`, process.stdout.isTTY === true);
    process.stdout.write(`${text.join('\n')}\n`);
    return 0;
  } finally {
    client.close();
  }
}

async function explanationOf(client: Client, name: string, namespace: string, again: boolean): Promise<Explanation> {
  const pod = await read(client, name, namespace);
  const known = pod.metadata.annotations?.[answerAnnotation];
  if (known && !again) return parse(known);
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed')
    throw new UsageError(`pod ${namespace}/${name} has ended, so the scheduler no longer knows it.`);
  const metadata = { annotations: { [askAnnotation]: new Date().toISOString() } };
  await client.patch(pods, name, namespace, 'merge', { metadata });
  for (const until = Date.now() + patience; Date.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = (await read(client, name, namespace)).metadata.annotations?.[answerAnnotation];
    if (answer && answer !== known) return parse(answer);
  }
  throw new UsageError(
    `no scheduler has answered for ${namespace}/${name} within ${patience / 1000} s: ` +
      `"${pod.spec?.schedulerName}" does not run, or is not the one of mini-k8s.`,
  );
}

const parse = (text: string): Explanation => JSON.parse(text) as Explanation;

async function read(client: Client, name: string, namespace: string): Promise<Pod> {
  try {
    return (await client.get(pods, name, namespace)) as Pod;
  } catch (error) {
    if (isReason(error, 'NotFound'))
      throw new UsageError(`there is no pod ${namespace}/${name}; see: mini-k8s kubectl -- get pods -A`);
    throw new UsageError(`cannot read the pod: ${(error as Error).message}`);
  }
}
