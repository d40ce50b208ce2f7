// The parameters of operations: query and path parameters by name, and the shared ones that version 2 keeps in one place and refers to.
// The names behind `#/parameters/` are upstream's, whose ends are hashes. Texts are our own. Used by paths.ts and documents.ts.
export interface Parameter {
  name: string;
  in: 'query' | 'path' | 'body';
  type?: string;
  required?: true;
  uniqueItems?: true;
  description?: string;
  schema?: { $ref: string };
}

const query = (name: string, type: string, description: string): Parameter => ({
  description,
  in: 'query',
  name,
  type,
  uniqueItems: true,
});
const inPath = (name: string, description: string): Parameter => ({
  description,
  in: 'path',
  name,
  required: true,
  type: 'string',
  uniqueItems: true,
});

const meta = (name: string) => ({ $ref: `#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.${name}` });

export const dryRun = query(
  'dryRun',
  'string',
  'All: go through every check, but store nothing. Any other value is refused.',
);
export const fieldValidation = query(
  'fieldValidation',
  'string',
  'What to do about unknown and duplicate fields: Ignore drops them, Warn (the default) drops them with a warning, Strict refuses the request.',
);
export const nameOf = (kind: string): Parameter => inPath('name', `Name of the ${kind}.`);
export const bodyOf = (definition: string): Parameter => ({
  in: 'body',
  name: 'body',
  required: true,
  schema: { $ref: `#/definitions/${definition}` },
});

const managerText =
  'Who makes this change, as managedFields will name it: printable characters, at most 128; by default what stands before the slash in User-Agent.';
const container = (what: string) => query('container', 'string', what);
const flag = (name: string, description: string) => query(name, 'boolean', description);
const proxied = (what: string) =>
  query('path', 'string', `Path at the ${what}, for requests that do not have it in their own path.`);

/** By the name behind `#/parameters/`. */
export const sharedParameters = {
  'allowWatchBookmarks-HC2hJt-J': flag(
    'allowWatchBookmarks',
    'Asks for BOOKMARK events, which say up to which version a watch has come.',
  ),
  'body-2Y1dVQaQ': { in: 'body', name: 'body', schema: meta('DeleteOptions') } as Parameter,
  'body-78PwaGsr': { in: 'body', name: 'body', required: true, schema: meta('Patch') } as Parameter,
  'command-Py3eQybp': query(
    'command',
    'string',
    'What to run: the program, then each of its arguments as a parameter of its own. No shell reads it.',
  ),
  'container-1GeXxFDC': container('Whose log to read; needed when the pod has several containers.'),
  'container-_Q-EJ3nR': container('Which container to attach to; needed when the pod has several.'),
  'container-i5dOmRiM': container('Which container to run the command in; needed when the pod has several.'),
  'continue-QfD61s0i': query(
    'continue',
    'string',
    'Where to go on: the token that the page before ended with. It lasts some minutes, then the list has to begin anew (410).',
  ),
  'fieldManager-7c6nTn1T': query('fieldManager', 'string', `${managerText} An apply must give it.`),
  'fieldManager-Qy4HdaTW': query('fieldManager', 'string', managerText),
  'fieldSelector-xIcQKXFG': query(
    'fieldSelector',
    'string',
    'Takes only objects with such fields: `metadata.name=web,status.phase!=Running`.',
  ),
  'follow-9OIXh_2R': flag('follow', 'Keeps the answer open and goes on as the log grows.'),
  'force-tOGGb0Yi': flag('force', 'Takes fields over that others manage, instead of a conflict. For apply alone.'),
  'gracePeriodSeconds--K5HaBOS': query(
    'gracePeriodSeconds',
    'integer',
    'Seconds between the request and the end of the object; 0 at once, absent as the kind has it.',
  ),
  'ignoreStoreReadErrorWithClusterBreakingPotential-QbNkfIqj': flag(
    'ignoreStoreReadErrorWithClusterBreakingPotential',
    'Deletes an object that the store cannot read any more, past finalizers and grace. Refused unless such deletion is turned on.',
  ),
  'insecureSkipTLSVerifyBackend-gM00jVbe': flag(
    'insecureSkipTLSVerifyBackend',
    "Does not check the kubelet's certificate.",
  ),
  'labelSelector-5Zw57w4C': query(
    'labelSelector',
    'string',
    'Narrows the list of returned objects to those with such labels: `app=web,tier in (front,back),!old`.',
  ),
  'limit-1NfNmdNH': query(
    'limit',
    'integer',
    'Most objects of one answer; what is left is behind the token in `continue`.',
  ),
  'limitBytes-zwd1RXuc': query('limitBytes', 'integer', 'Ends the log after so many bytes.'),
  'namespace-vgWSWtn3': inPath('namespace', 'Namespace that the object is in.'),
  'orphanDependents-uRB25kX5': flag(
    'orphanDependents',
    'Old form of propagationPolicy: true is Orphan, false Background.',
  ),
  'path-QCf0eosM': proxied('Service'),
  'path-oPbzgLUj': proxied('Pod'),
  'path-rFDtV0x9': proxied('Node'),
  'path-z6Ciiujn': inPath('path', 'Path at the one that the request is passed on to.'),
  'ports-91KROJmm': query('ports', 'integer', 'Ports of the pod to forward to; for WebSockets.'),
  'pretty-tJGM1-ng': query(
    'pretty',
    'string',
    'Writes the answer with line breaks and indents; browsers and curl get it so by default.',
  ),
  'previous-1jxDPu3y': flag('previous', 'The log of the container that ran before this one.'),
  'propagationPolicy-6jk3prlO': query(
    'propagationPolicy',
    'string',
    'What becomes of dependents: Orphan leaves them, Background deletes them afterwards, Foreground before.',
  ),
  'resourceVersion-5WAnf1kx': query(
    'resourceVersion',
    'string',
    'The version to read: absent is the newest, 0 whatever is at hand, any other one at least as new.',
  ),
  'resourceVersionMatch-t8XhRHeC': query(
    'resourceVersionMatch',
    'string',
    'How resourceVersion is meant: Exact or NotOlderThan.',
  ),
  'sendInitialEvents-rLXlEK_k': flag(
    'sendInitialEvents',
    'Begins the watch with an ADDED event for each object, and ends that part with a bookmark. Needs resourceVersionMatch=NotOlderThan.',
  ),
  'sinceSeconds-vE2NLdnP': query('sinceSeconds', 'integer', 'Only what was written in the last so many seconds.'),
  'stderr-26jJhFUR': flag('stderr', 'Passes standard error of the container on.'),
  'stderr-W_1TNlWc': flag('stderr', 'Passes standard error of the command on.'),
  'stdin-PSzNhyUC': flag('stdin', 'Passes standard input to the command.'),
  'stdin-sEFnN3IS': flag('stdin', 'Passes standard input to the container.'),
  'stdout--EZLRwV1': flag('stdout', 'Passes standard output of the command on.'),
  'stdout-005YMKE6': flag('stdout', 'Passes standard output of the container on.'),
  'stream-l-48cgXv': query('stream', 'string', 'Which part of the log: All, Stdout or Stderr.'),
  'tailLines-9xQLWHMV': query('tailLines', 'integer', 'Only so many lines from the end.'),
  'timeoutSeconds-yvYezaOC': query('timeoutSeconds', 'integer', 'Ends the request after so many seconds.'),
  'timestamps-c17fW1w_': flag('timestamps', 'Puts the time before each line.'),
  'tty-g7MlET_l': flag('tty', 'The container has a terminal; then stderr comes with stdout.'),
  'tty-s0flW37O': flag('tty', 'Gives the command a terminal; then stderr comes with stdout.'),
  'watch-XNNPZGbK': flag(
    'watch',
    'Watch for changes to the described resources: the answer is a stream of events instead of a list.',
  ),
} satisfies Record<string, Parameter>;

export type SharedName = keyof typeof sharedParameters;
export type ParameterRef = { $ref: string };

export const shared = (...names: SharedName[]): ParameterRef[] =>
  names.map((name) => ({ $ref: `#/parameters/${name}` }));
export const resolved = (p: Parameter | ParameterRef): Parameter =>
  '$ref' in p ? sharedParameters[p.$ref.slice('#/parameters/'.length) as SharedName] : p;

export const listing = shared(
  'allowWatchBookmarks-HC2hJt-J',
  'continue-QfD61s0i',
  'fieldSelector-xIcQKXFG',
  'labelSelector-5Zw57w4C',
  'limit-1NfNmdNH',
  'resourceVersion-5WAnf1kx',
  'resourceVersionMatch-t8XhRHeC',
  'sendInitialEvents-rLXlEK_k',
  'timeoutSeconds-yvYezaOC',
  'watch-XNNPZGbK',
);
export const selecting = listing.filter((p) => !/allowWatchBookmarks|watch-/.test(p.$ref));
export const deleting = [
  ...shared(
    'body-2Y1dVQaQ',
    'gracePeriodSeconds--K5HaBOS',
    'ignoreStoreReadErrorWithClusterBreakingPotential-QbNkfIqj',
    'orphanDependents-uRB25kX5',
    'propagationPolicy-6jk3prlO',
  ),
  dryRun,
];
export const writing = [dryRun, ...shared('fieldManager-Qy4HdaTW'), fieldValidation];
export const patching = [
  dryRun,
  ...shared('body-78PwaGsr', 'fieldManager-7c6nTn1T', 'force-tOGGb0Yi'),
  fieldValidation,
];

/** What the subresources that others answer take, by the kind of their options; `log` has no kind of its own. */
export const connecting: Record<string, ParameterRef[]> = {
  PodExecOptions: shared(
    'command-Py3eQybp',
    'container-i5dOmRiM',
    'stderr-W_1TNlWc',
    'stdin-PSzNhyUC',
    'stdout--EZLRwV1',
    'tty-s0flW37O',
  ),
  PodAttachOptions: shared(
    'container-_Q-EJ3nR',
    'stderr-26jJhFUR',
    'stdin-sEFnN3IS',
    'stdout-005YMKE6',
    'tty-g7MlET_l',
  ),
  PodPortForwardOptions: shared('ports-91KROJmm'),
  PodProxyOptions: shared('path-oPbzgLUj'),
  ServiceProxyOptions: shared('path-QCf0eosM'),
  NodeProxyOptions: shared('path-rFDtV0x9'),
  log: shared(
    'container-1GeXxFDC',
    'follow-9OIXh_2R',
    'insecureSkipTLSVerifyBackend-gM00jVbe',
    'limitBytes-zwd1RXuc',
    'pretty-tJGM1-ng',
    'previous-1jxDPu3y',
    'sinceSeconds-vE2NLdnP',
    'stream-l-48cgXv',
    'tailLines-9xQLWHMV',
    'timestamps-c17fW1w_',
  ),
};
