// ValidatingWebhookConfiguration: servers that are asked whether a write may be.
// Read by the API server's mechanisms. Mirrors: pkg/registry/admissionregistration/validatingwebhookconfiguration, pkg/printers.
// Next: admission/webhook.ts, the rules of each webhook; ../admission/ calls them.
import { defaultWebhook, validateWebhooks } from './admission/webhook.ts';
import { ageColumn, countColumn, nameColumn } from './columns.ts';
import { semanticEqual } from './equal.ts';
import { defineKind } from './kind.ts';

export const validatingWebhookConfiguration = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  schema: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  storage: 'validatingwebhookconfigurations',
  defaults: ({ webhooks = [] }) => webhooks.forEach(defaultWebhook),
  validateCreate: (object) => validateWebhooks(object, undefined, false),
  validateUpdate: (object, old) => validateWebhooks(object, old, false),
  unconditionalUpdate: false,
  generation: ({ webhooks }, old) => !semanticEqual(webhooks, old.webhooks),
  columns: [nameColumn, countColumn('Webhooks', 'How many there are.', ({ webhooks }) => webhooks?.length), ageColumn],
});
