// Says of each ValidatingAdmissionPolicy whether its expressions fit the kinds that it matches: an author's slip, told before it counts.
// Reads: validatingadmissionpolicies, discovery, OpenAPI. Writes: their status. Mirrors: pkg/controller/validatingadmissionpolicystatus/controller.go.
// Next along the chain: typesToCheck.ts, schemas.ts, typeCheck.ts.
import { apiVersionOf, validatingAdmissionPolicies } from '../../apimachinery/resources.ts';
import type { ValidatingAdmissionPolicy } from '../../apimachinery/types.ts';
import { sleep } from '../../client/backoff.ts';
import { type Controller, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { createSchemas } from './schemas.ts';
import { typeCheck } from './typeCheck.ts';
import { paramKindOf, typesToCheck } from './typesToCheck.ts';

const name = 'validatingadmissionpolicy-status-controller';

const tidyEvery = 60_000;

/** Each state of the spec is checked once; kinds that come later do not count. */
const isNew = ({ metadata, status }: ValidatingAdmissionPolicy): boolean =>
  (metadata.generation ?? 0) > (status?.observedGeneration ?? 0);

/** `workers` is --concurrent-validating-admission-policy-status-syncs. */
export function validatingAdmissionPolicyStatusController(workers = 5): Controller {
  const schemas = createSchemas();
  return {
    name,
    workers,
    watches: [
      watch({ resource: validatingAdmissionPolicies, keys: (policy) => (isNew(policy) ? [keyOf(policy)] : []) }),
    ],
    async run({ clock }, _, signal) {
      while (!signal.aborted) {
        await sleep(clock, tidyEvery, signal);
        schemas.tidy();
      }
    },
    async reconcile(key, { client, informers }) {
      const policy = informers.informer(validatingAdmissionPolicies).get(key);
      if (!policy || !isNew(policy)) return undefined;
      const served = await schemas.now(client);
      const kinds = await typesToCheck(policy, (r) => served.kindsOf(r));
      const types = await Promise.all(kinds.map(async (kind) => ({ kind, type: await served.typeOf(kind) })));
      const param = paramKindOf(policy);
      const expressionWarnings = typeCheck(policy, {
        objects: types.flatMap(({ kind, type }) => (type ? [{ kind, type }] : [])),
        params: param && (await served.typeOf(param)),
      });
      const body = {
        apiVersion: apiVersionOf(validatingAdmissionPolicies),
        kind: validatingAdmissionPolicies.kind,
        metadata: { name: key },
        status: {
          observedGeneration: policy.metadata.generation,
          typeChecking: expressionWarnings.length ? { expressionWarnings } : {},
        },
      };
      const options = { subresource: 'status', fieldManager: name, force: true };
      await client.patch(validatingAdmissionPolicies, key, undefined, 'apply', body, options);
      return undefined;
    },
  };
}
