// What came of a claim: the devices that were allocated, who may use them, and what their drivers say of them.
// Mirrors: validateResourceClaimStatusUpdate and below in pkg/apis/resource/validation/validation.go. Called by: ../resourceClaim.ts.
import {
  type FieldError,
  forbiddenField,
  immutable,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../../../apimachinery/fieldErrors.ts';
import { isValidInterfaceAddress } from '../../../apimachinery/ipFormat.ts';
import { byteLength } from '../../../apimachinery/names.ts';
import { checkConditions } from '../conditions.ts';
import { semanticEqual } from '../equal.ts';
import { checkNodeSelector } from '../pod/scheduling.ts';
import { checkDriverName } from '../pod/volumes.ts';
import { checkBindingConditions } from './bindingConditions.ts';
import { checkRequestReference, checkRequestReferences, type RequestNames, requestNames } from './claimSpec.ts';
import { checkConfiguration, checkRawObject, mostConfigurations } from './configuration.ts';
import { checkList, checkSet } from './lists.ts';
import { checkLabel, checkPoolName, checkUid } from './names.ts';

const mostReserved = 256;
const mostResults = 32;
const mostConditions = 8;
const mostAddresses = 16;
const longestInterface = 256;
const longestHardware = 128;
const sources: readonly string[] = ['FromClaim', 'FromClass'];

/** `gpu.example.com/pool/device`, with the share where the device is shared. */
const deviceId = ({ driver = '', pool = '', device = '', shareID }: any): string =>
  [driver, pool, device, ...(shareID ? [shareID] : [])].join('/');

function checkConsumer(errors: FieldError[], field: string, consumer: any): void {
  for (const name of ['resource', 'name', 'uid']) if (!consumer[name]) errors.push(required(`${field}.${name}`));
}

function checkNetwork(errors: FieldError[], field: string, network: any): void {
  if (!network) return;
  const { interfaceName = '', hardwareAddress = '', ips } = network;
  if (byteLength(interfaceName) > longestInterface) errors.push(tooLong(`${field}.interfaceName`, longestInterface));
  if (byteLength(hardwareAddress) > longestHardware) errors.push(tooLong(`${field}.hardwareAddress`, longestHardware));
  checkSet<string>(
    errors,
    `${field}.ips`,
    ips,
    mostAddresses,
    (_, at, address) => void errors.push(...isValidInterfaceAddress(at, address)),
    (address) => address,
  );
}

function checkDevice(errors: FieldError[], field: string, device: any, allocated: ReadonlySet<string>): void {
  checkDriverName(errors, `${field}.driver`, device.driver);
  checkPoolName(errors, `${field}.pool`, device.pool);
  checkLabel(errors, `${field}.device`, device.device);
  if (device.shareID !== undefined) checkUid(errors, `${field}.shareID`, device.shareID);
  if (!allocated.has(deviceId(device)))
    errors.push(invalidValue(field, deviceId(device), 'must be an allocated device in the claim'));
  const { conditions = [] } = device;
  if (conditions.length > mostConditions)
    errors.push(tooMany(`${field}.conditions`, conditions.length, mostConditions));
  checkConditions(errors, `${field}.conditions`, conditions);
  if (device.data !== undefined && device.data !== null) checkRawObject(errors, `${field}.data`, device.data);
  checkNetwork(errors, `${field}.networkData`, device.networkData);
}

function checkResult(errors: FieldError[], field: string, result: any, names: RequestNames): void {
  checkRequestReference(errors, `${field}.request`, result.request, names);
  checkDriverName(errors, `${field}.driver`, result.driver);
  checkPoolName(errors, `${field}.pool`, result.pool);
  checkLabel(errors, `${field}.device`, result.device);
  checkBindingConditions(errors, field, result);
  if (result.shareID !== undefined) checkUid(errors, `${field}.shareID`, result.shareID);
}

function checkResultConfig(errors: FieldError[], field: string, config: any, names: RequestNames): void {
  if (!config.source) errors.push(required(`${field}.source`));
  else if (!sources.includes(config.source)) errors.push(notSupported(`${field}.source`, config.source, sources));
  checkRequestReferences(errors, `${field}.requests`, config.requests, names);
  checkConfiguration(errors, field, config);
}

function checkAllocation(errors: FieldError[], field: string, allocation: any, names: RequestNames): void {
  const { results, config } = allocation.devices ?? {};
  checkList<any>(errors, `${field}.devices.results`, results, mostResults, (_, at, result) =>
    checkResult(errors, at, result, names),
  );
  checkList<any>(errors, `${field}.devices.config`, config, 2 * mostConfigurations, (_, at, each) =>
    checkResultConfig(errors, at, each, names),
  );
  if (allocation.nodeSelector) checkNodeSelector(errors, `${field}.nodeSelector`, allocation.nodeSelector);
}

function checkReserved(errors: FieldError[], claim: any, old: any): void {
  const field = 'status.reservedFor';
  const { reservedFor = [], allocation } = claim.status;
  if (!reservedFor.length) return;
  const before: any[] = old.status?.reservedFor ?? [];
  const isNew = (consumer: any) => !before.some((other) => semanticEqual(other, consumer));
  if (!allocation) errors.push(forbiddenField(field, 'may not be specified when `allocated` is not set'));
  else if (claim.metadata.deletionTimestamp && reservedFor.some(isNew))
    errors.push(
      forbiddenField(
        field,
        'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
      ),
    );
}

export function validateClaimStatus(claim: any, old: any): FieldError[] {
  const errors: FieldError[] = [];
  const status = claim.status ?? {};
  const names = requestNames(claim.spec?.devices);
  checkSet<any>(
    errors,
    'status.reservedFor',
    status.reservedFor,
    mostReserved,
    checkConsumer,
    (consumer) => consumer.uid ?? '',
  );
  const allocated = new Set<string>((status.allocation?.devices?.results ?? []).map(deviceId));
  checkSet<any>(
    errors,
    'status.devices',
    status.devices,
    -1,
    (_, at, device) => checkDevice(errors, at, device, allocated),
    deviceId,
  );
  checkReserved(errors, { ...claim, status }, old);
  const before = old.status?.allocation;
  if (before && status.allocation) {
    if (!semanticEqual(status.allocation, before)) errors.push(immutable('status.allocation', status.allocation));
  } else if (status.allocation) checkAllocation(errors, 'status.allocation', status.allocation, names);
  return errors;
}

/** What a driver said of a device goes with its allocation, whoever takes that away. */
export function dropDeallocated(claim: any, old: any): void {
  const { status } = claim;
  if (!status?.devices?.length) return;
  const idsOf = (c: any): string[] => (c.status?.allocation?.devices?.results ?? []).map(deviceId);
  const still = new Set(idsOf(claim));
  const gone = new Set(idsOf(old).filter((id) => !still.has(id)));
  status.devices = status.devices.filter((device: any) => !gone.has(deviceId(device)));
  if (!status.devices.length) delete status.devices;
}
