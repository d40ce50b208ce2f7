// MutatingWebhookConfiguration: servers that may change an object before it is written.
// Read by the API server's mechanisms. Mirrors: pkg/registry/admissionregistration/mutatingwebhookconfiguration, pkg/printers.
// Next: validatingWebhookConfiguration.ts, of which it has all but how it is validated.
import { defaultWebhook, validateWebhooks } from './admission/webhook.ts';
import { defineKind } from './kind.ts';
import { validatingWebhookConfiguration as validating } from './validatingWebhookConfiguration.ts';

export const mutatingWebhookConfiguration = defineKind({
  ...validating,
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  schema: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  storage: 'mutatingwebhookconfigurations',
  defaults: ({ webhooks = [] }) => {
    for (const hook of webhooks) {
      defaultWebhook(hook);
      hook.reinvocationPolicy ??= 'Never';
    }
  },
  validateCreate: (object) => validateWebhooks(object, undefined, true),
  validateUpdate: (object, old) => validateWebhooks(object, old, true),
});
