// The arguments of plugins: which fields each takes, and what they must be.
// Reads: pluginConfig of a KubeSchedulerConfiguration. Mirrors: apis/config/v1/types_pluginargs.go,
// apis/config/validation/validation_pluginargs.go. Used by: configFile.ts. Defaults are in the plugins, where they are read.
import {
  aggregateMessage,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  path,
  required,
} from '../apimachinery/fieldErrors.ts';
import { parseNodeSelector } from '../apimachinery/nodeSelector.ts';
import { errorsOfShape } from './plugins/resourceStrategies.ts';

type Args = Record<string, any>;

interface ArgsKind {
  /** Besides apiVersion and kind. */
  fields: readonly string[];
  check(args: Args, at: string): FieldError[];
}

const outside = (at: string, field: string, value: unknown, range: string): FieldError =>
  invalidValue(path.child(at, field), value, `not in valid range ${range}`);

function inRange(args: Args, at: string, field: string, most: number): FieldError[] {
  const value = args[field];
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= most)) return [];
  return [outside(at, field, value, most === Infinity ? '[0, inf)' : `[0, ${most}]`)];
}

function preemption(args: Args, at: string): FieldError[] {
  const errors = [
    ...inRange(args, at, 'minCandidateNodesPercentage', 100),
    ...inRange(args, at, 'minCandidateNodesAbsolute', Infinity),
  ];
  const { minCandidateNodesPercentage: part = 10, minCandidateNodesAbsolute: all = 100 } = args;
  if (part === 0 && all === 0)
    errors.push(
      invalidValue(
        path.child(at, 'minCandidateNodesPercentage'),
        0,
        'cannot be zero at the same time as minCandidateNodesAbsolute',
      ),
    );
  return errors;
}

function addedAffinity({ addedAffinity: added }: Args, at: string): FieldError[] {
  if (!added) return [];
  const where = path.child(at, 'addedAffinity');
  const needed = added.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred: any[] = added.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const errors: FieldError[] = [];
  const checkSelector = (nodeSelectorTerms: any[], field: string) => {
    const { error } = parseNodeSelector({ nodeSelectorTerms });
    if (error) errors.push(invalidValue(path.child(where, field), nodeSelectorTerms, error));
  };
  if (needed) checkSelector(needed.nodeSelectorTerms ?? [], 'requiredDuringSchedulingIgnoredDuringExecution');
  const preferredField = 'preferredDuringSchedulingIgnoredDuringExecution';
  for (const [i, term] of preferred.entries()) checkSelector([term.preference ?? {}], `${preferredField}[${i}]`);
  return errors;
}

const actions = ['DoNotSchedule', 'ScheduleAnyway'];

function spread({ defaultConstraints = [], defaultingType = 'System' }: Args, at: string): FieldError[] {
  const typeAt = path.child(at, 'defaultingType');
  if (defaultingType !== 'System' && defaultingType !== 'List')
    return [notSupported(typeAt, defaultingType, ['System', 'List'])];
  if (defaultingType === 'System' && defaultConstraints.length)
    return [invalidValue(typeAt, defaultingType, 'when .defaultConstraints are not empty')];
  return (defaultConstraints as Args[]).flatMap((c, i) => {
    const where = path.index(path.child(at, 'defaultConstraints'), i);
    const errors: FieldError[] = [];
    if (!(c.maxSkew > 0)) errors.push(outside(where, 'maxSkew', c.maxSkew ?? 0, '(0, inf)'));
    if (!c.topologyKey) errors.push(required(path.child(where, 'topologyKey'), 'can not be empty'));
    if (!c.whenUnsatisfiable) errors.push(required(path.child(where, 'whenUnsatisfiable'), 'can not be empty'));
    else if (!actions.includes(c.whenUnsatisfiable))
      errors.push(notSupported(path.child(where, 'whenUnsatisfiable'), c.whenUnsatisfiable, actions));
    if (c.labelSelector)
      errors.push(
        forbiddenField(
          path.child(where, 'labelSelector'),
          'constraint must not define a selector, as they deduced for each pod',
        ),
      );
    return errors;
  });
}

/** `most`: 1 where weights are not weighed. */
function weights(resources: readonly Args[] = [], at: string, most = 100): FieldError[] {
  const field = path.child(at, 'resources');
  return resources.flatMap(({ name, weight = 1 }, i) =>
    Number.isInteger(weight) && weight >= 1 && weight <= most
      ? []
      : [
          invalidValue(
            path.child(path.index(field, i), 'weight'),
            weight,
            `resource weight of ${name} not in valid range ${most === 1 ? '[1]' : '[1-100]'}`,
          ),
        ],
  );
}

const strategies = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'];

function fit({ ignoredResourceGroups = [], scoringStrategy: strategy }: Args, at: string): FieldError[] {
  const errors = (ignoredResourceGroups as string[]).flatMap((group, i) =>
    group.includes('/')
      ? [
          invalidValue(
            path.index(path.child(at, 'ignoredResourceGroups'), i),
            group,
            "resource group name can't contain '/'",
          ),
        ]
      : [],
  );
  if (!strategy) return errors;
  const where = path.child(at, 'scoringStrategy');
  errors.push(...weights(strategy.resources, where));
  if (strategy.type !== undefined && !strategies.includes(strategy.type))
    errors.push(notSupported(path.child(where, 'type'), strategy.type, strategies));
  if (strategy.type === 'RequestedToCapacityRatio') {
    const shapeAt = path.child(path.child(where, 'requestedToCapacityRatio'), 'shape');
    errors.push(...errorsOfShape(strategy.requestedToCapacityRatio?.shape ?? [], shapeAt));
  }
  return errors;
}

function volumeBinding(args: Args, at: string): FieldError[] {
  const { bindTimeoutSeconds: seconds = 600, shape } = args;
  const errors =
    Number.isInteger(seconds) && seconds >= 0
      ? []
      : [
          invalidValue(
            path.child(at, 'bindTimeoutSeconds'),
            seconds,
            'invalid BindTimeoutSeconds, should not be a negative value',
          ),
        ];
  return [...errors, ...(shape ? errorsOfShape(shape, path.child(at, 'shape')) : [])];
}

const kinds: Readonly<Record<string, ArgsKind>> = {
  DefaultPreemption: { fields: ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'], check: preemption },
  DynamicResources: { fields: ['filterTimeout', 'bindingTimeout'], check: () => [] },
  InterPodAffinity: {
    fields: ['hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods'],
    check: (args, at) => inRange(args, at, 'hardPodAffinityWeight', 100),
  },
  NodeAffinity: { fields: ['addedAffinity'], check: addedAffinity },
  NodeResourcesBalancedAllocation: {
    fields: ['resources'],
    check: ({ resources }, at) => weights(resources, at, 1),
  },
  NodeResourcesFit: { fields: ['ignoredResources', 'ignoredResourceGroups', 'scoringStrategy'], check: fit },
  PodTopologySpread: { fields: ['defaultConstraints', 'defaultingType'], check: spread },
  VolumeBinding: { fields: ['bindTimeoutSeconds', 'shape'], check: volumeBinding },
};

const apiVersion = 'kubescheduler.config.k8s.io/v1';

/** What is wrong with them, in sentences; `at` is where they stand in the file. The plugin may be one that is not known. */
export function errorsOfArgs(plugin: string, args: Args, at: string): string[] {
  const known = Object.hasOwn(kinds, plugin) ? kinds[plugin]! : { fields: [], check: () => [] };
  const { apiVersion: version, kind, ...fields } = args;
  if (version !== undefined && version !== apiVersion) return [`${at}.apiVersion must be ${apiVersion}.`];
  if (kind !== undefined && kind !== `${plugin}Args`) return [`${at}.kind must be ${plugin}Args, not ${kind}.`];
  const strange = Object.keys(fields).filter((name) => !known.fields.includes(name));
  if (strange.length) return strange.map((name) => `unknown field "${at}.${name}".`);
  return known.check(fields, at).map((e) => `${aggregateMessage([e])}.`);
}
