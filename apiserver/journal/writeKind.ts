// writes.trace.mini-k8s.io/v1: the journal's records and spans as a kind: listed and watched under RBAC, created (spans) by components.
// Reads: nothing; a plain row of kinds. Next: journal.ts writes the records, cli/commands/trace.ts prints them.
import { randomBytes } from 'node:crypto';
import { parseCause } from '../../apimachinery/cause.ts';
import { invalidValue, required } from '../../apimachinery/fieldErrors.ts';
import { defineKind } from '../kinds/kind.ts';

/** Under /registry/. */
export const writesPath = 'trace.mini-k8s.io/writes';

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export const write = defineKind({
  group: 'trace.mini-k8s.io',
  version: 'v1',
  kind: 'Write',
  plural: 'writes',
  namespaced: false,
  schema: 'io.mini-k8s.trace.v1.Write',
  storage: writesPath,
  verbs: ['create', 'deletecollection', 'get', 'list', 'watch'],
  prepareCreate(object, context) {
    // Named as the journal names writes, so that all sort by time and the oldest are trimmed first.
    object.metadata.name = `${context.now().toString(16).padStart(12, '0')}-${randomBytes(5).toString('hex')}`;
    delete object.metadata.generateName;
    object.span = true;
    object.user = context.user.username ?? '';
  },
  validate(object) {
    const errors = ['verb', 'resource', 'name'].filter((f) => !object[f]).map((f) => required(f));
    if (!iso.test(object.time ?? '')) errors.push(invalidValue('time', object.time ?? '', 'must be RFC 3339 in UTC'));
    for (const [i, text] of (object.causes ?? []).entries()) {
      if (!parseCause(text))
        errors.push(invalidValue(`causes[${i}]`, text, 'must be <resource>/<namespace>/<name>@<resourceVersion>'));
    }
    return errors;
  },
  selectableFields: {
    resource: (o) => o.resource ?? '',
    namespace: (o) => o.namespace ?? '',
    name: (o) => o.name ?? '',
    uid: (o) => o.uid ?? '',
  },
  columns: [
    { name: 'Name', type: 'string', format: 'name', description: 'Grows with time.', value: (o) => o.metadata.name },
    { name: 'Verb', type: 'string', description: 'What was done.', value: (o) => o.verb },
    {
      name: 'Object',
      type: 'string',
      description: 'To what.',
      value: (o) => `${o.resource}/${o.namespace ? `${o.namespace}/` : ''}${o.name}`,
    },
    { name: 'User', type: 'string', description: 'By whom.', value: (o) => o.user },
    {
      name: 'Causes',
      type: 'string',
      description: 'Because of which events.',
      value: (o) => (o.causes ?? []).join(' ') || '<not recorded>',
    },
  ],
});
