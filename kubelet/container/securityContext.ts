// Who a container runs as and what it may do: the pod's and the container's securityContext as CRI messages.
// Reads: pod, container, the user that the image asks for. Writes: CRI security contexts; refuses root where it is unwanted.
// Mirrors: pkg/kubelet/kuberuntime/security_context.go, security_context_others.go and pkg/securitycontext/util.go.
// Next: containerConfig.ts, sandboxConfig.ts.
import type { Container, Pod } from '../../apimachinery/types.ts';
import type { Sent } from '../../cri/messages.ts';
import type {
  Image,
  LinuxContainerSecurityContext,
  LinuxSandboxSecurityContext,
  NamespaceMode,
  SecurityProfile,
} from '../../cri/types.ts';

type ContainerSecurity = NonNullable<Container['securityContext']>;
type PodSecurity = NonNullable<NonNullable<Pod['spec']>['securityContext']>;

const defaultMaskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const defaultReadonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The container's values over the pod's. */
export function effectiveSecurity(pod: Pod, container: Container): ContainerSecurity {
  const { runAsUser, runAsGroup, runAsNonRoot, seLinuxOptions, seccompProfile, appArmorProfile } =
    pod.spec?.securityContext ?? {};
  const fromPod = { runAsUser, runAsGroup, runAsNonRoot, seLinuxOptions, seccompProfile, appArmorProfile };
  return { ...fromPod, ...definedOnly(container.securityContext ?? {}) };
}

const definedOnly = <T extends object>(o: T): T =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null)) as T;

/** Which namespaces are the node's, the pod's, or the container's own. */
export function namespaceOptions(pod: Pod, targetId = '') {
  const spec = pod.spec;
  const pid: NamespaceMode = spec?.hostPID ? 'NODE' : spec?.shareProcessNamespace ? 'POD' : 'CONTAINER';
  return {
    network: (spec?.hostNetwork ? 'NODE' : 'POD') as NamespaceMode,
    ipc: (spec?.hostIPC ? 'NODE' : 'POD') as NamespaceMode,
    ...(targetId ? { pid: 'TARGET' as NamespaceMode, targetId } : { pid }),
  };
}

function profile(p: { type: string; localhostProfile?: string } | undefined): Sent<SecurityProfile> | undefined {
  if (p?.type === 'RuntimeDefault') return { profileType: 'RuntimeDefault' };
  if (p?.type === 'Localhost') return { profileType: 'Localhost', localhostRef: p.localhostProfile ?? '' };
  return p ? { profileType: 'Unconfined' } : undefined;
}

const localhostSeccomp = (p: { type: string; localhostProfile?: string } | undefined, folder: string) =>
  p?.type === 'Localhost'
    ? { ...p, localhostProfile: `${folder}/${p.localhostProfile}` }
    : (p ?? { type: 'Unconfined' });

const supplementalGroups = (s: PodSecurity | undefined): number[] => [
  ...(s?.supplementalGroups ?? []),
  ...(s?.fsGroup !== undefined ? [s.fsGroup] : []),
];

/** `targetId`: the container whose processes an ephemeral container sees. `seccompFolder`: where Localhost profiles lie. */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: Pick<Image, 'uid' | 'username'>,
  o: { targetId?: string; seccompFolder: string },
): Sent<LinuxContainerSecurityContext> {
  const s = effectiveSecurity(pod, container);
  const unmasked = s.procMount === 'Unmasked';
  return {
    ...userOf(s, image),
    privileged: s.privileged === true,
    readonlyRootfs: s.readOnlyRootFilesystem === true,
    noNewPrivs: s.allowPrivilegeEscalation === false,
    namespaceOptions: namespaceOptions(pod, o.targetId),
    capabilities: { addCapabilities: s.capabilities?.add ?? [], dropCapabilities: s.capabilities?.drop ?? [] },
    supplementalGroups: supplementalGroups(pod.spec?.securityContext),
    supplementalGroupsPolicy: pod.spec?.securityContext?.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
    maskedPaths: unmasked ? [] : defaultMaskedPaths,
    readonlyPaths: unmasked ? [] : defaultReadonlyPaths,
    seccomp: profile(s.privileged ? { type: 'Unconfined' } : localhostSeccomp(s.seccompProfile, o.seccompFolder)),
    apparmor: profile(s.appArmorProfile),
    selinuxOptions: s.seLinuxOptions,
  };
}

/** The spec's user, else the image's number, else the image's name. */
function userOf(s: ContainerSecurity, image: Pick<Image, 'uid' | 'username'>) {
  const group = s.runAsGroup !== undefined ? { runAsGroup: { value: s.runAsGroup } } : {};
  if (s.runAsUser !== undefined) return { runAsUser: { value: s.runAsUser }, ...group };
  if (image.uid) return { runAsUser: { value: image.uid.value }, ...group };
  return image.username ? { runAsUsername: image.username, ...group } : { runAsUser: { value: 0 }, ...group };
}

/** The sentence with which a container that would run as root is refused, or undefined. */
export function rootRefusal(
  pod: Pod,
  container: Container,
  image: Pick<Image, 'uid' | 'username'>,
): string | undefined {
  const s = effectiveSecurity(pod, container);
  if (!s.runAsNonRoot) return undefined;
  const about = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`;
  if (s.runAsUser !== undefined) {
    return s.runAsUser === 0 ? `container's runAsUser breaks non-root policy ${about}` : undefined;
  }
  if (image.uid)
    return image.uid.value === 0n ? `container has runAsNonRoot and image will run as root ${about}` : undefined;
  if (image.username) {
    return `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${about}`;
  }
  return `container has runAsNonRoot and image will run as root ${about}`;
}

/** The pause container's; it is privileged when any container of the pod is. */
export function sandboxSecurity(pod: Pod, seccompFolder: string): Sent<LinuxSandboxSecurityContext> {
  const s = pod.spec?.securityContext;
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const privileged = all.some((c) => c.securityContext?.privileged === true);
  const seccomp = s?.seccompProfile ? localhostSeccomp(s.seccompProfile, seccompFolder) : { type: 'RuntimeDefault' };
  return {
    privileged,
    namespaceOptions: namespaceOptions(pod),
    ...(s?.runAsUser !== undefined ? { runAsUser: { value: s.runAsUser } } : {}),
    ...(s?.runAsGroup !== undefined && s.runAsUser !== undefined ? { runAsGroup: { value: s.runAsGroup } } : {}),
    supplementalGroups: supplementalGroups(s),
    supplementalGroupsPolicy: s?.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
    seccomp: profile(privileged ? { type: 'Unconfined' } : seccomp),
    selinuxOptions: s?.seLinuxOptions,
  };
}
