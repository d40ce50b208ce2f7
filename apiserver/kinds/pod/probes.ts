// Rules of probes and lifecycle hooks: exactly one handler each, and numbers that make sense.
// Mirrors: validateProbe, validateHandler and validateLifecycle in pkg/apis/core/validation/validation.go.
// Called by: containers.ts.
import { type FieldError, forbiddenField, invalidValue, required } from '../../../apimachinery/fieldErrors.ts';
import { isHTTPHeaderName } from '../../../apimachinery/names.ts';
import { checkNotNegative, checkOneOf, checkRequired, pushTexts } from '../check.ts';
import { checkPortNumOrName } from './ports.ts';

/** Seconds that the pod gives its containers to end; undefined when the pod has none, which is refused elsewhere. */
type Grace = number | undefined;
type CheckHandler = (errors: FieldError[], field: string, action: any, grace: Grace) => void;

function checkHTTPGet(errors: FieldError[], field: string, get: any): void {
  checkRequired(errors, `${field}.path`, get.path);
  checkPortNumOrName(errors, `${field}.port`, get.port);
  checkOneOf(errors, `${field}.scheme`, get.scheme, ['HTTP', 'HTTPS']);
  for (const header of get.httpHeaders ?? [])
    pushTexts(errors, `${field}.httpHeaders`, header.name ?? '', isHTTPHeaderName(header.name ?? ''));
}

const handlers: [name: string, check: CheckHandler][] = [
  [
    'exec',
    (errors, field, exec) => {
      if (!exec.command?.length) errors.push(required(`${field}.command`));
    },
  ],
  ['httpGet', checkHTTPGet],
  ['tcpSocket', (errors, field, tcp) => checkPortNumOrName(errors, `${field}.port`, tcp.port)],
  ['grpc', (errors, field, grpc) => checkPortNumOrName(errors, `${field}.port`, Number(grpc.port ?? 0))],
  [
    'sleep',
    (errors, field, sleep, grace) => {
      const seconds = sleep.seconds ?? 0;
      const text = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`;
      if (grace !== undefined && (seconds < 0 || seconds > grace)) errors.push(invalidValue(field, seconds, text));
    },
  ],
];

function checkHandler(errors: FieldError[], field: string, handler: any, grace: Grace): void {
  let found = false;
  for (let i = 0; i < handlers.length; i++) {
    const [name, check] = handlers[i]!;
    const action = handler[name];
    if (!action) continue;
    if (found) errors.push(forbiddenField(`${field}.${name}`, 'may not specify more than 1 handler type'));
    else check(errors, `${field}.${name}`, action, grace);
    found = true;
  }
  if (!found) errors.push(required(field, 'must specify a handler type'));
}

function checkProbe(errors: FieldError[], field: string, probe: any, grace: Grace): void {
  checkHandler(errors, field, probe, grace);
  checkNotNegative(errors, `${field}.initialDelaySeconds`, probe.initialDelaySeconds);
  checkNotNegative(errors, `${field}.timeoutSeconds`, probe.timeoutSeconds);
  checkNotNegative(errors, `${field}.periodSeconds`, probe.periodSeconds);
  checkNotNegative(errors, `${field}.successThreshold`, probe.successThreshold);
  checkNotNegative(errors, `${field}.failureThreshold`, probe.failureThreshold);
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0)
    errors.push(invalidValue(`${field}.terminationGracePeriodSeconds`, own, 'must be greater than 0'));
}

/** One success is what liveness and startup are about. */
function checkOneSuccess(errors: FieldError[], field: string, probe: any): void {
  if (probe.successThreshold !== 1)
    errors.push(invalidValue(`${field}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'));
}

/** The three probes of a container, where it may have them. */
export function checkProbes(errors: FieldError[], field: string, container: any, grace: Grace): void {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (livenessProbe) {
    checkProbe(errors, `${field}.livenessProbe`, livenessProbe, grace);
    checkOneSuccess(errors, `${field}.livenessProbe`, livenessProbe);
  }
  if (readinessProbe) {
    checkProbe(errors, `${field}.readinessProbe`, readinessProbe, grace);
    const own = readinessProbe.terminationGracePeriodSeconds;
    if (own !== undefined)
      errors.push(
        invalidValue(
          `${field}.readinessProbe.terminationGracePeriodSeconds`,
          own,
          'must not be set for readinessProbes',
        ),
      );
  }
  if (startupProbe) {
    checkProbe(errors, `${field}.startupProbe`, startupProbe, grace);
    checkOneSuccess(errors, `${field}.startupProbe`, startupProbe);
  }
}

export function checkLifecycle(errors: FieldError[], field: string, lifecycle: any, grace: Grace): void {
  if (lifecycle.postStart) checkHandler(errors, `${field}.postStart`, lifecycle.postStart, grace);
  if (lifecycle.preStop) checkHandler(errors, `${field}.preStop`, lifecycle.preStop, grace);
}
