// The statuses of this plugin that more than one step uses.
// Mirrors: statusUnschedulable and statusError in pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
import { type Status, unresolvable } from '../../framework.ts';

export const pluginName = 'DynamicResources';

/** The pod has to wait; taking other pods away would not help. */
export const refused = (reason: string): Status => unresolvable(pluginName, reason);

/** Something went wrong in a step: the pod is tried again after back-off. `step` is as upstream's framework words it. */
export const failed = (step: string, message: string): Status => ({
  code: 'Error',
  reasons: [`${step}: ${message}`],
  plugin: pluginName,
});
