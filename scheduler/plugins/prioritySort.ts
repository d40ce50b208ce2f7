// QueueSort: higher priority first, then who came first.
// Mirrors: pkg/scheduler/framework/plugins/queuesort/priority_sort.go.
import type { PluginFactory } from '../framework.ts';

export const prioritySort: PluginFactory = () => ({
  name: 'PrioritySort',
  compare: (a, b) => b.info.priority - a.info.priority || a.timestamp - b.timestamp,
  events: [],
});
