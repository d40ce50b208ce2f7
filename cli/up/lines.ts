// What `up` says: a line for each component, the kubeconfig to copy, three things to try, and the last words of what died. Pure.
// Used by supervisor.ts.
import { accessSync, constants } from 'node:fs';
import type { Plan, ProcessPlan } from './plan.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const readyLine = (p: ProcessPlan, ms: number): string =>
  `  ${p.name.padEnd(16)}ready after ${seconds(ms)}${p.about ? `   ${p.about}` : ''}`;

/** Is there such a program in one of the folders of `path`? */
export function onPath(name: string, path: string): boolean {
  return path.split(':').some((folder) => {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

export function welcome(plan: Plan, ms: number, path: string): string[] {
  const lines = [`Ready after ${seconds(ms)}.`, '', `export KUBECONFIG=${plan.kubeconfig}`, ''];
  if (!onPath('kubectl', path))
    lines.push('kubectl is not on this machine; get it from https://kubernetes.io/docs/tasks/tools/', '');
  return [
    ...lines,
    'Three things to try:',
    '  kubectl get nodes',
    '  kubectl create deployment web --image=nginx --replicas=3',
    '  npx mini-k8s trace deployment/web',
    '',
  ];
}

/** The last words of a log: a component's own sentence, or the error of a stack. */
export function lastSentence(log: string): string {
  const lines = log
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean);
  const said = lines.findLast((l) => /^[\w-]+: /.test(l) && !/^[A-Z]\w*Error: /.test(l) && !l.startsWith('file:'));
  const error = lines.findLast((l) => /^(?:Uncaught )?[A-Z]\w*(?:Error)?(?: \[\w+\])?: /.test(l));
  return (said ?? error ?? '').replace(/^[\w-]+: /, said ? '' : '$&');
}
