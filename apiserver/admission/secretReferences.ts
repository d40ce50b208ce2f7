// Which Secrets a pod names, and whether its account lists them.
// Mirrors: VisitPodSecretNames in pkg/api/pod/util.go and limitSecretReferences in plugin/pkg/admission/serviceaccount.
// Used by: serviceAccount.ts.
import { goQuote } from '../../apimachinery/goQuote.ts';
import type { KubeObject } from '../../apimachinery/types.ts';

const kindsOfContainers = {
  initContainers: 'init container',
  containers: 'container',
  ephemeralContainers: 'ephemeral container',
};

interface Use {
  secret: string;
  /** `container c with envVar E referencing `: what stands before the Secret's name. */
  where: string;
}

function containerUses(spec: any, lists: readonly string[]): Use[] {
  return lists.flatMap((list) => {
    const what = kindsOfContainers[list as keyof typeof kindsOfContainers];
    return (spec[list] ?? []).flatMap((c: any) => [
      ...(c.env ?? [])
        .filter((env: any) => env.valueFrom?.secretKeyRef)
        .map((env: any) => ({
          secret: env.valueFrom.secretKeyRef.name ?? '',
          where: `${what} ${c.name} with envVar ${env.name} referencing `,
        })),
      ...(c.envFrom ?? [])
        .filter((from: any) => from.secretRef)
        .map((from: any) => ({
          secret: from.secretRef.name ?? '',
          where: `${what} ${c.name} with envFrom referencing `,
        })),
    ]);
  });
}

/** Every Secret that the pod names: pull secrets, environment, volumes of each kind. */
export function secretNames(spec: any): string[] {
  const volumeRefs = (spec.volumes ?? []).flatMap((v: any) => [
    v.secret?.secretName,
    v.azureFile?.secretName,
    v.cephfs?.secretRef?.name,
    v.cinder?.secretRef?.name,
    v.flexVolume?.secretRef?.name,
    v.rbd?.secretRef?.name,
    v.scaleIO?.secretRef?.name,
    v.iscsi?.secretRef?.name,
    v.storageos?.secretRef?.name,
    v.csi?.nodePublishSecretRef?.name,
    ...(v.projected?.sources ?? []).map((source: any) => source.secret?.name),
  ]);
  const pulls = (spec.imagePullSecrets ?? []).map((ref: any) => ref.name);
  const uses = containerUses(spec, Object.keys(kindsOfContainers)).map((use) => use.secret);
  return [...pulls, ...uses, ...volumeRefs].filter(Boolean);
}

/** Why the account's own list forbids this pod; undefined when it does not. */
export function limitSecrets(account: KubeObject, spec: any, containers: readonly string[]): string | undefined {
  const listed = new Set((account['secrets'] ?? []).map((ref: any) => ref.name));
  const rule = `is not allowed because service account ${account.metadata.name} does not reference that`;
  const volumes: Use[] = containers.includes('containers')
    ? (spec.volumes ?? [])
        .filter((v: any) => v.secret)
        .map((v: any) => ({ secret: v.secret.secretName ?? '', where: 'volume with ' }))
    : [];
  const bad = [...volumes, ...containerUses(spec, containers)].find((use) => !listed.has(use.secret));
  if (bad) return `${bad.where}secret.secretName=${goQuote(bad.secret)} ${rule} secret`;
  if (!containers.includes('containers')) return undefined;
  const pulls = new Set((account['imagePullSecrets'] ?? []).map((ref: any) => ref.name));
  const names: string[] = (spec.imagePullSecrets ?? []).map((ref: any) => ref.name ?? '');
  const i = names.findIndex((name) => !pulls.has(name));
  return i < 0 ? undefined : `imagePullSecrets[${i}].name=${goQuote(names[i]!)} ${rule} imagePullSecret`;
}
