// What `kubectl get hpa` shows: each metric's value beside its target, two of them at most.
// Mirrors: formatHPAMetrics and printHorizontalPodAutoscaler in pkg/printers/internalversion/printers.go.
// Used by: ../horizontalPodAutoscaler.ts.
import { ageColumn, column, nameColumn } from '../columns.ts';
import type { Column } from '../kind.ts';

const shownMetrics = 2;
const unknown = '<unknown>';
const percent = (value: number | undefined) => (value === undefined ? undefined : `${value}%`);

function rawText(spec: any, status: any): string {
  const { target } = spec;
  const current = status?.current;
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current?.value ?? unknown}/${target?.value}`;
}

const podsText = (spec: any, status: any) => `${status?.current?.averageValue ?? unknown}/${spec.target?.averageValue}`;

function resourceText(spec: any, status: any): string {
  const { name, target } = spec;
  const current = status?.current;
  if (target?.averageValue !== undefined) return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`;
  return `${name}: ${percent(current?.averageUtilization) ?? unknown}/${percent(target?.averageUtilization) ?? '<auto>'}`;
}

const texts: Record<string, [field: string, text: (spec: any, status: any) => string]> = {
  External: ['external', rawText],
  Object: ['object', rawText],
  Pods: ['pods', podsText],
  Resource: ['resource', resourceText],
  ContainerResource: ['containerResource', resourceText],
};

function metricText(metric: any, status: any): string {
  const [field, text] = texts[metric.type] ?? [];
  return field && text && metric[field] ? text(metric[field], status?.[field]) : '<unknown type>';
}

export function targetsText({ spec, status }: any): string {
  const metrics: any[] = spec?.metrics ?? [];
  if (!metrics.length) return '<none>';
  const shown = metrics.slice(0, shownMetrics).map((metric, i) => metricText(metric, status?.currentMetrics?.[i]));
  const more = metrics.length - shown.length;
  return shown.join(', ') + (more ? ` + ${more} more...` : '');
}

export const autoscalerColumns: readonly Column[] = [
  nameColumn,
  column('Reference', 'What is scaled.', ({ spec }) => `${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}`),
  column('Targets', 'Each metric: how much there is, and how much there should be.', targetsText),
  column('MinPods', 'Fewest pods that it scales to.', ({ spec }) => String(spec?.minReplicas ?? '<unset>')),
  column('MaxPods', 'Most pods that it scales to.', ({ spec }) => spec?.maxReplicas ?? 0),
  column('Replicas', 'Pods that it last saw.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
];
