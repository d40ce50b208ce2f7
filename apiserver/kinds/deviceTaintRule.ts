// DeviceTaintRule: puts a taint on devices from outside, whatever their driver says of them.
// Read by the API server's mechanisms; alpha: served with its feature gate and --runtime-config. Mirrors: pkg/apis/resource/validation,
// pkg/registry/resource/devicetaintrule. Next: devices/device.ts, the rules of taints.
import { toTime } from '../../apimachinery/clock.ts';
import { type FieldError, tooMany } from '../../apimachinery/fieldErrors.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { checkConditions } from './conditions.ts';
import { checkTaint } from './devices/device.ts';
import { checkLabel, checkPoolName } from './devices/names.ts';
import { semanticEqual } from './equal.ts';
import { keepMetadata } from './keepMetadata.ts';
import { type Context, defineKind } from './kind.ts';
import { checkDriverName } from './pod/volumes.ts';
import { statusSubresource } from './statusSubresource.ts';

const mostConditions = 8;

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const { driver, pool, device } = spec.deviceSelector ?? {};
  const field = 'spec.deviceSelector';
  if (driver !== undefined) checkDriverName(errors, `${field}.driver`, driver);
  if (pool !== undefined) checkPoolName(errors, `${field}.pool`, pool);
  if (device !== undefined) checkLabel(errors, `${field}.device`, device);
  checkTaint(errors, 'spec.taint', spec.taint ?? {});
  return errors;
}

function validateStatus({ status }: any): FieldError[] {
  const errors: FieldError[] = [];
  const { conditions = [] } = status ?? {};
  if (conditions.length > mostConditions) errors.push(tooMany('status.conditions', conditions.length, mostConditions));
  checkConditions(errors, 'status.conditions', conditions);
  return errors;
}

/** A taint says since when it has its effect; a writer who changes the effect alone means from now on. */
function dateTaint({ spec: { taint } }: any, { now }: Context, old?: any): void {
  if (!taint) return;
  const before = old?.spec.taint ?? {};
  if (old && taint.effect !== before.effect && taint.timeAdded === before.timeAdded) delete taint.timeAdded;
  taint.timeAdded ??= toTime(now());
}

export const deviceTaintRule = defineKind({
  group: 'resource.k8s.io',
  version: 'v1alpha3',
  kind: 'DeviceTaintRule',
  plural: 'devicetaintrules',
  namespaced: false,
  schema: 'io.k8s.api.resource.v1alpha3.DeviceTaintRule',
  storage: 'devicetaintrules',
  gate: 'DRADeviceTaintRules',
  defaults: (object) => {
    object.spec ??= {};
  },
  prepareCreate: (rule, context) => dateTaint(rule, context),
  prepareUpdate: (rule, old, context) => dateTaint(rule, context, old),
  validate,
  deleteReturnsObject: true,
  generation: ({ spec }, old) => !semanticEqual(spec, old.spec),
  subresources: [statusSubresource(validateStatus, { keep: keepMetadata, resets: ['metadata'] })],
  columns: [nameColumn, ageColumn],
});
