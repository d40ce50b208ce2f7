// Who writes a policy or a binding must be allowed to read the parameters that it brings into play.
// Mirrors: authz.go of the four of them in pkg/registry/admissionregistration.
// Called by: ../validatingAdmissionPolicy.ts, ../validatingAdmissionPolicyBinding.ts, and the mutating ones.
import { type FieldError, forbiddenField } from '../../../apimachinery/fieldErrors.ts';
import { invalid } from '../../../apimachinery/status.ts';
import type { UserInfo } from '../../../apimachinery/types.ts';
import { mayDoEverything } from '../../authorization/authorizer.ts';
import type { Context } from '../kind.ts';
import { groupVersionOf } from './policy.ts';

const group = 'admissionregistration.k8s.io';

/** As Go prints the struct: `&{jane 1 [devs] map[]}`. */
function shownUser({ username = '', uid = '', groups = [], extra = {} }: UserInfo): string {
  const more = Object.entries(extra).map(([key, values]) => `${key}:[${values.join(' ')}]`);
  return `&{${username} ${uid} [${groups.join(' ')}] map[${more.join(' ')}]}`;
}

/** A kind that is not served might become any resource: all of the group and version must be readable then. */
async function mayRead(
  context: Context,
  verb: string,
  paramKind: any,
  namespace: string,
  name: string,
): Promise<boolean> {
  const parsed = groupVersionOf(paramKind?.apiVersion ?? '');
  const all = { group: '*', version: '*' };
  const where = !paramKind || typeof parsed === 'string' ? all : parsed;
  const plural = context.cluster.pluralOf(where.group, where.version, paramKind?.kind) ?? '*';
  const resource = { ...where, plural, subresource: '', namespace, name };
  return (await context.authorization.authorize({ user: context.user, verb, resource })).allowed;
}

const refuse = (kind: string, object: any, error: FieldError) =>
  invalid({ group, kind }, object.metadata.name ?? '', [error]);

export async function authorizeParamKind(policy: any, context: Context): Promise<void> {
  const { paramKind } = policy.spec;
  if (!paramKind || mayDoEverything(context.user) || (await mayRead(context, 'get', paramKind, '*', '*'))) return;
  const { kind, apiVersion } = paramKind;
  const text = `user ${shownUser(context.user)} must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;
  throw refuse(policy.kind, policy, forbiddenField('spec.paramKind', text));
}

const policiesOf: Readonly<Record<string, string>> = {
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicies',
  MutatingAdmissionPolicyBinding: 'mutatingadmissionpolicies',
};

export async function authorizeParamRef(binding: any, context: Context): Promise<void> {
  const { paramRef, policyName } = binding.spec;
  if (!paramRef || mayDoEverything(context.user)) return;
  const policy = context.cluster.cached({ group, plural: policiesOf[binding.kind]! }, policyName) as any;
  const [verb, name] = paramRef.name ? ['get', paramRef.name] : ['list', '*'];
  if (await mayRead(context, verb, policy?.spec.paramKind, paramRef.namespace ?? '', name)) return;
  const text = `user ${shownUser(context.user)} does not have "${verb}" permission on the object referenced by paramRef`;
  throw refuse(binding.kind, binding, forbiddenField('spec.paramRef', text));
}
