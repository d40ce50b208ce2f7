// Filter: a pod that asks for what no plugin here can give yet waits, and is told which field it is.
// Stands where DynamicResources is upstream; when that comes, this goes. Reads: pods. Mirrors nothing.
import type { Pod } from '../../apimachinery/types.ts';
import { type PluginFactory, unresolvable, unschedulable } from '../framework.ts';

const name = 'UnsupportedFields';

export const unsupportedField = ({ spec }: Pod): string | undefined =>
  spec?.resourceClaims?.length ? 'spec.resourceClaims' : undefined;

export const unsupportedFields: PluginFactory = () => ({
  name,
  preFilter({ pod }) {
    const field = unsupportedField(pod);
    return field ? unresolvable(name, `${field} is not supported by this scheduler`) : undefined;
  },
  /** What upstream's DynamicResources says of every pod without claims; people and programs know the sentence. */
  postFilter: () => ({ status: unschedulable(name, 'no new claims to deallocate') }),
  events: [],
});
