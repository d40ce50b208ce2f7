// The messages and methods of CRI v1, printed from cri.v1.json by typesText.ts: do not edit by hand.
// 64-bit integers are bigint everywhere (timestamps are nanoseconds and exceed 2^53); enums are their names.
// Decoded messages have every scalar, list and map; a message that was not sent is null. Windows messages are left out.
export interface RuntimeServiceMethods {
  version: { request: VersionRequest; response: VersionResponse };
  runPodSandbox: { request: RunPodSandboxRequest; response: RunPodSandboxResponse };
  stopPodSandbox: { request: StopPodSandboxRequest; response: StopPodSandboxResponse };
  removePodSandbox: { request: RemovePodSandboxRequest; response: RemovePodSandboxResponse };
  podSandboxStatus: { request: PodSandboxStatusRequest; response: PodSandboxStatusResponse };
  listPodSandbox: { request: ListPodSandboxRequest; response: ListPodSandboxResponse };
  createContainer: { request: CreateContainerRequest; response: CreateContainerResponse };
  startContainer: { request: StartContainerRequest; response: StartContainerResponse };
  stopContainer: { request: StopContainerRequest; response: StopContainerResponse };
  removeContainer: { request: RemoveContainerRequest; response: RemoveContainerResponse };
  listContainers: { request: ListContainersRequest; response: ListContainersResponse };
  containerStatus: { request: ContainerStatusRequest; response: ContainerStatusResponse };
  updateContainerResources: { request: UpdateContainerResourcesRequest; response: UpdateContainerResourcesResponse };
  reopenContainerLog: { request: ReopenContainerLogRequest; response: ReopenContainerLogResponse };
  execSync: { request: ExecSyncRequest; response: ExecSyncResponse };
  exec: { request: ExecRequest; response: ExecResponse };
  attach: { request: AttachRequest; response: AttachResponse };
  portForward: { request: PortForwardRequest; response: PortForwardResponse };
  containerStats: { request: ContainerStatsRequest; response: ContainerStatsResponse };
  listContainerStats: { request: ListContainerStatsRequest; response: ListContainerStatsResponse };
  podSandboxStats: { request: PodSandboxStatsRequest; response: PodSandboxStatsResponse };
  listPodSandboxStats: { request: ListPodSandboxStatsRequest; response: ListPodSandboxStatsResponse };
  updateRuntimeConfig: { request: UpdateRuntimeConfigRequest; response: UpdateRuntimeConfigResponse };
  status: { request: StatusRequest; response: StatusResponse };
  checkpointContainer: { request: CheckpointContainerRequest; response: CheckpointContainerResponse };
  getContainerEvents: { request: GetEventsRequest; response: ContainerEventResponse; stream: true };
  listMetricDescriptors: { request: ListMetricDescriptorsRequest; response: ListMetricDescriptorsResponse };
  listPodSandboxMetrics: { request: ListPodSandboxMetricsRequest; response: ListPodSandboxMetricsResponse };
  runtimeConfig: { request: RuntimeConfigRequest; response: RuntimeConfigResponse };
  updatePodSandboxResources: { request: UpdatePodSandboxResourcesRequest; response: UpdatePodSandboxResourcesResponse };
}
export interface ImageServiceMethods {
  listImages: { request: ListImagesRequest; response: ListImagesResponse };
  imageStatus: { request: ImageStatusRequest; response: ImageStatusResponse };
  pullImage: { request: PullImageRequest; response: PullImageResponse };
  removeImage: { request: RemoveImageRequest; response: RemoveImageResponse };
  imageFsInfo: { request: ImageFsInfoRequest; response: ImageFsInfoResponse };
}
export interface VersionRequest {
  version: string;
}
export interface VersionResponse {
  version: string;
  runtimeName: string;
  runtimeVersion: string;
  runtimeApiVersion: string;
}
export interface DNSConfig {
  servers: string[];
  searches: string[];
  options: string[];
}
export type Protocol = 'TCP' | 'UDP' | 'SCTP';
export interface PortMapping {
  protocol: Protocol;
  containerPort: number;
  hostPort: number;
  hostIp: string;
}
export type MountPropagation = 'PROPAGATION_PRIVATE' | 'PROPAGATION_HOST_TO_CONTAINER' | 'PROPAGATION_BIDIRECTIONAL';
export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly: boolean;
  selinuxRelabel: boolean;
  propagation: MountPropagation;
  uidMappings: IDMapping[];
  gidMappings: IDMapping[];
  recursiveReadOnly: boolean;
  image: ImageSpec | null;
  imageSubPath: string;
}
export interface IDMapping {
  hostId: number;
  containerId: number;
  length: number;
}
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';
export interface UserNamespace {
  mode: NamespaceMode;
  uids: IDMapping[];
  gids: IDMapping[];
}
export interface NamespaceOption {
  network: NamespaceMode;
  pid: NamespaceMode;
  ipc: NamespaceMode;
  targetId: string;
  usernsOptions: UserNamespace | null;
}
export type SupplementalGroupsPolicy = 'Merge' | 'Strict';
export interface Int64Value {
  value: bigint;
}
export interface LinuxSandboxSecurityContext {
  namespaceOptions: NamespaceOption | null;
  selinuxOptions: SELinuxOption | null;
  runAsUser: Int64Value | null;
  runAsGroup: Int64Value | null;
  readonlyRootfs: boolean;
  supplementalGroups: bigint[];
  supplementalGroupsPolicy: SupplementalGroupsPolicy;
  privileged: boolean;
  seccomp: SecurityProfile | null;
  apparmor: SecurityProfile | null;
  seccompProfilePath: string;
}
export type SecurityProfileProfileType = 'RuntimeDefault' | 'Unconfined' | 'Localhost';
export interface SecurityProfile {
  profileType: SecurityProfileProfileType;
  localhostRef: string;
}
export interface LinuxPodSandboxConfig {
  cgroupParent: string;
  securityContext: LinuxSandboxSecurityContext | null;
  sysctls: Record<string, string>;
  overhead: LinuxContainerResources | null;
  resources: LinuxContainerResources | null;
}
export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}
export interface PodSandboxConfig {
  metadata: PodSandboxMetadata | null;
  hostname: string;
  logDirectory: string;
  dnsConfig: DNSConfig | null;
  portMappings: PortMapping[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: LinuxPodSandboxConfig | null;
}
export interface RunPodSandboxRequest {
  config: PodSandboxConfig | null;
  runtimeHandler: string;
}
export interface RunPodSandboxResponse {
  podSandboxId: string;
}
export interface StopPodSandboxRequest {
  podSandboxId: string;
}
export type StopPodSandboxResponse = Record<never, never>;
export interface RemovePodSandboxRequest {
  podSandboxId: string;
}
export type RemovePodSandboxResponse = Record<never, never>;
export interface PodSandboxStatusRequest {
  podSandboxId: string;
  verbose: boolean;
}
export interface PodIP {
  ip: string;
}
export interface PodSandboxNetworkStatus {
  ip: string;
  additionalIps: PodIP[];
}
export interface Namespace {
  options: NamespaceOption | null;
}
export interface LinuxPodSandboxStatus {
  namespaces: Namespace | null;
}
export type PodSandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
export interface PodSandboxStatus {
  id: string;
  metadata: PodSandboxMetadata | null;
  state: PodSandboxState;
  createdAt: bigint;
  network: PodSandboxNetworkStatus | null;
  linux: LinuxPodSandboxStatus | null;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtimeHandler: string;
}
export interface PodSandboxStatusResponse {
  status: PodSandboxStatus | null;
  info: Record<string, string>;
  containersStatuses: ContainerStatus[];
  timestamp: bigint;
}
export interface PodSandboxStateValue {
  state: PodSandboxState;
}
export interface PodSandboxFilter {
  id: string;
  state: PodSandboxStateValue | null;
  labelSelector: Record<string, string>;
}
export interface ListPodSandboxRequest {
  filter: PodSandboxFilter | null;
}
export interface PodSandbox {
  id: string;
  metadata: PodSandboxMetadata | null;
  state: PodSandboxState;
  createdAt: bigint;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtimeHandler: string;
}
export interface ListPodSandboxResponse {
  items: PodSandbox[];
}
export interface PodSandboxStatsRequest {
  podSandboxId: string;
}
export interface PodSandboxStatsResponse {
  stats: PodSandboxStats | null;
}
export interface PodSandboxStatsFilter {
  id: string;
  labelSelector: Record<string, string>;
}
export interface ListPodSandboxStatsRequest {
  filter: PodSandboxStatsFilter | null;
}
export interface ListPodSandboxStatsResponse {
  stats: PodSandboxStats[];
}
export interface PodSandboxAttributes {
  id: string;
  metadata: PodSandboxMetadata | null;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
export interface PodSandboxStats {
  attributes: PodSandboxAttributes | null;
  linux: LinuxPodSandboxStats | null;
}
export interface LinuxPodSandboxStats {
  cpu: CpuUsage | null;
  memory: MemoryUsage | null;
  network: NetworkUsage | null;
  process: ProcessUsage | null;
  containers: ContainerStats[];
  io: IoUsage | null;
}
export interface NetworkUsage {
  timestamp: bigint;
  defaultInterface: NetworkInterfaceUsage | null;
  interfaces: NetworkInterfaceUsage[];
}
export interface NetworkInterfaceUsage {
  name: string;
  rxBytes: UInt64Value | null;
  rxErrors: UInt64Value | null;
  txBytes: UInt64Value | null;
  txErrors: UInt64Value | null;
}
export interface ProcessUsage {
  timestamp: bigint;
  processCount: UInt64Value | null;
}
export interface ImageSpec {
  image: string;
  annotations: Record<string, string>;
  userSpecifiedImage: string;
  runtimeHandler: string;
}
export interface KeyValue {
  key: string;
  value: string;
}
export interface LinuxContainerResources {
  cpuPeriod: bigint;
  cpuQuota: bigint;
  cpuShares: bigint;
  memoryLimitInBytes: bigint;
  oomScoreAdj: bigint;
  cpusetCpus: string;
  cpusetMems: string;
  hugepageLimits: HugepageLimit[];
  unified: Record<string, string>;
  memorySwapLimitInBytes: bigint;
}
export interface HugepageLimit {
  pageSize: string;
  limit: bigint;
}
export interface SELinuxOption {
  user: string;
  role: string;
  type: string;
  level: string;
}
export interface Capability {
  addCapabilities: string[];
  dropCapabilities: string[];
  addAmbientCapabilities: string[];
}
export interface LinuxContainerSecurityContext {
  capabilities: Capability | null;
  privileged: boolean;
  namespaceOptions: NamespaceOption | null;
  selinuxOptions: SELinuxOption | null;
  runAsUser: Int64Value | null;
  runAsGroup: Int64Value | null;
  runAsUsername: string;
  readonlyRootfs: boolean;
  supplementalGroups: bigint[];
  supplementalGroupsPolicy: SupplementalGroupsPolicy;
  noNewPrivs: boolean;
  maskedPaths: string[];
  readonlyPaths: string[];
  seccomp: SecurityProfile | null;
  apparmor: SecurityProfile | null;
  apparmorProfile: string;
  seccompProfilePath: string;
}
export interface LinuxContainerConfig {
  resources: LinuxContainerResources | null;
  securityContext: LinuxContainerSecurityContext | null;
}
export interface LinuxContainerUser {
  uid: bigint;
  gid: bigint;
  supplementalGroups: bigint[];
}
export interface ContainerMetadata {
  name: string;
  attempt: number;
}
export interface Device {
  containerPath: string;
  hostPath: string;
  permissions: string;
}
export interface CDIDevice {
  name: string;
}
export interface ContainerConfig {
  metadata: ContainerMetadata | null;
  image: ImageSpec | null;
  command: string[];
  args: string[];
  workingDir: string;
  envs: KeyValue[];
  mounts: Mount[];
  devices: Device[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logPath: string;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  linux: LinuxContainerConfig | null;
  CDIDevices: CDIDevice[];
  stopSignal: Signal;
}
export type Signal =
  | 'RUNTIME_DEFAULT'
  | 'SIGABRT'
  | 'SIGALRM'
  | 'SIGBUS'
  | 'SIGCHLD'
  | 'SIGCLD'
  | 'SIGCONT'
  | 'SIGFPE'
  | 'SIGHUP'
  | 'SIGILL'
  | 'SIGINT'
  | 'SIGIO'
  | 'SIGIOT'
  | 'SIGKILL'
  | 'SIGPIPE'
  | 'SIGPOLL'
  | 'SIGPROF'
  | 'SIGPWR'
  | 'SIGQUIT'
  | 'SIGSEGV'
  | 'SIGSTKFLT'
  | 'SIGSTOP'
  | 'SIGSYS'
  | 'SIGTERM'
  | 'SIGTRAP'
  | 'SIGTSTP'
  | 'SIGTTIN'
  | 'SIGTTOU'
  | 'SIGURG'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGVTALRM'
  | 'SIGWINCH'
  | 'SIGXCPU'
  | 'SIGXFSZ'
  | 'SIGRTMIN'
  | 'SIGRTMINPLUS1'
  | 'SIGRTMINPLUS2'
  | 'SIGRTMINPLUS3'
  | 'SIGRTMINPLUS4'
  | 'SIGRTMINPLUS5'
  | 'SIGRTMINPLUS6'
  | 'SIGRTMINPLUS7'
  | 'SIGRTMINPLUS8'
  | 'SIGRTMINPLUS9'
  | 'SIGRTMINPLUS10'
  | 'SIGRTMINPLUS11'
  | 'SIGRTMINPLUS12'
  | 'SIGRTMINPLUS13'
  | 'SIGRTMINPLUS14'
  | 'SIGRTMINPLUS15'
  | 'SIGRTMAXMINUS14'
  | 'SIGRTMAXMINUS13'
  | 'SIGRTMAXMINUS12'
  | 'SIGRTMAXMINUS11'
  | 'SIGRTMAXMINUS10'
  | 'SIGRTMAXMINUS9'
  | 'SIGRTMAXMINUS8'
  | 'SIGRTMAXMINUS7'
  | 'SIGRTMAXMINUS6'
  | 'SIGRTMAXMINUS5'
  | 'SIGRTMAXMINUS4'
  | 'SIGRTMAXMINUS3'
  | 'SIGRTMAXMINUS2'
  | 'SIGRTMAXMINUS1'
  | 'SIGRTMAX';
export interface CreateContainerRequest {
  podSandboxId: string;
  config: ContainerConfig | null;
  sandboxConfig: PodSandboxConfig | null;
}
export interface CreateContainerResponse {
  containerId: string;
}
export interface StartContainerRequest {
  containerId: string;
}
export type StartContainerResponse = Record<never, never>;
export interface StopContainerRequest {
  containerId: string;
  timeout: bigint;
}
export type StopContainerResponse = Record<never, never>;
export interface RemoveContainerRequest {
  containerId: string;
}
export type RemoveContainerResponse = Record<never, never>;
export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';
export interface ContainerStateValue {
  state: ContainerState;
}
export interface ContainerFilter {
  id: string;
  state: ContainerStateValue | null;
  podSandboxId: string;
  labelSelector: Record<string, string>;
}
export interface ListContainersRequest {
  filter: ContainerFilter | null;
}
export interface Container {
  id: string;
  podSandboxId: string;
  metadata: ContainerMetadata | null;
  image: ImageSpec | null;
  imageRef: string;
  state: ContainerState;
  createdAt: bigint;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  imageId: string;
}
export interface ListContainersResponse {
  containers: Container[];
}
export interface ContainerStatusRequest {
  containerId: string;
  verbose: boolean;
}
export interface ContainerStatus {
  id: string;
  metadata: ContainerMetadata | null;
  state: ContainerState;
  createdAt: bigint;
  startedAt: bigint;
  finishedAt: bigint;
  exitCode: number;
  image: ImageSpec | null;
  imageRef: string;
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  mounts: Mount[];
  logPath: string;
  resources: ContainerResources | null;
  imageId: string;
  user: ContainerUser | null;
  stopSignal: Signal;
}
export interface ContainerStatusResponse {
  status: ContainerStatus | null;
  info: Record<string, string>;
}
export interface ContainerResources {
  linux: LinuxContainerResources | null;
}
export interface ContainerUser {
  linux: LinuxContainerUser | null;
}
export interface UpdateContainerResourcesRequest {
  containerId: string;
  linux: LinuxContainerResources | null;
  annotations: Record<string, string>;
}
export type UpdateContainerResourcesResponse = Record<never, never>;
export interface ExecSyncRequest {
  containerId: string;
  cmd: string[];
  timeout: bigint;
}
export interface ExecSyncResponse {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
}
export interface ExecRequest {
  containerId: string;
  cmd: string[];
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}
export interface ExecResponse {
  url: string;
}
export interface AttachRequest {
  containerId: string;
  stdin: boolean;
  tty: boolean;
  stdout: boolean;
  stderr: boolean;
}
export interface AttachResponse {
  url: string;
}
export interface PortForwardRequest {
  podSandboxId: string;
  port: number[];
}
export interface PortForwardResponse {
  url: string;
}
export interface ImageFilter {
  image: ImageSpec | null;
}
export interface ListImagesRequest {
  filter: ImageFilter | null;
}
export interface Image {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  size: bigint;
  uid: Int64Value | null;
  username: string;
  spec: ImageSpec | null;
  pinned: boolean;
}
export interface ListImagesResponse {
  images: Image[];
}
export interface ImageStatusRequest {
  image: ImageSpec | null;
  verbose: boolean;
}
export interface ImageStatusResponse {
  image: Image | null;
  info: Record<string, string>;
}
export interface AuthConfig {
  username: string;
  password: string;
  auth: string;
  serverAddress: string;
  identityToken: string;
  registryToken: string;
}
export interface PullImageRequest {
  image: ImageSpec | null;
  auth: AuthConfig | null;
  sandboxConfig: PodSandboxConfig | null;
}
export interface PullImageResponse {
  imageRef: string;
}
export interface RemoveImageRequest {
  image: ImageSpec | null;
}
export type RemoveImageResponse = Record<never, never>;
export interface NetworkConfig {
  podCidr: string;
}
export interface RuntimeConfig {
  networkConfig: NetworkConfig | null;
}
export interface UpdateRuntimeConfigRequest {
  runtimeConfig: RuntimeConfig | null;
}
export type UpdateRuntimeConfigResponse = Record<never, never>;
export interface RuntimeCondition {
  type: string;
  status: boolean;
  reason: string;
  message: string;
}
export interface RuntimeStatus {
  conditions: RuntimeCondition[];
}
export interface StatusRequest {
  verbose: boolean;
}
export interface RuntimeHandlerFeatures {
  recursiveReadOnlyMounts: boolean;
  userNamespaces: boolean;
}
export interface RuntimeHandler {
  name: string;
  features: RuntimeHandlerFeatures | null;
}
export interface RuntimeFeatures {
  supplementalGroupsPolicy: boolean;
}
export interface StatusResponse {
  status: RuntimeStatus | null;
  info: Record<string, string>;
  runtimeHandlers: RuntimeHandler[];
  features: RuntimeFeatures | null;
}
export type ImageFsInfoRequest = Record<never, never>;
export interface UInt64Value {
  value: bigint;
}
export interface FilesystemIdentifier {
  mountpoint: string;
}
export interface FilesystemUsage {
  timestamp: bigint;
  fsId: FilesystemIdentifier | null;
  usedBytes: UInt64Value | null;
  inodesUsed: UInt64Value | null;
}
export interface ImageFsInfoResponse {
  imageFilesystems: FilesystemUsage[];
  containerFilesystems: FilesystemUsage[];
}
export interface ContainerStatsRequest {
  containerId: string;
}
export interface ContainerStatsResponse {
  stats: ContainerStats | null;
}
export interface ListContainerStatsRequest {
  filter: ContainerStatsFilter | null;
}
export interface ContainerStatsFilter {
  id: string;
  podSandboxId: string;
  labelSelector: Record<string, string>;
}
export interface ListContainerStatsResponse {
  stats: ContainerStats[];
}
export interface ContainerAttributes {
  id: string;
  metadata: ContainerMetadata | null;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
export interface ContainerStats {
  attributes: ContainerAttributes | null;
  cpu: CpuUsage | null;
  memory: MemoryUsage | null;
  writableLayer: FilesystemUsage | null;
  swap: SwapUsage | null;
  io: IoUsage | null;
}
export interface PsiStats {
  Full: PsiData | null;
  Some: PsiData | null;
}
export interface PsiData {
  Total: bigint;
  Avg10: number;
  Avg60: number;
  Avg300: number;
}
export interface CpuUsage {
  timestamp: bigint;
  usageCoreNanoSeconds: UInt64Value | null;
  usageNanoCores: UInt64Value | null;
  psi: PsiStats | null;
}
export interface MemoryUsage {
  timestamp: bigint;
  workingSetBytes: UInt64Value | null;
  availableBytes: UInt64Value | null;
  usageBytes: UInt64Value | null;
  rssBytes: UInt64Value | null;
  pageFaults: UInt64Value | null;
  majorPageFaults: UInt64Value | null;
  psi: PsiStats | null;
}
export interface IoUsage {
  timestamp: bigint;
  psi: PsiStats | null;
}
export interface SwapUsage {
  timestamp: bigint;
  swapAvailableBytes: UInt64Value | null;
  swapUsageBytes: UInt64Value | null;
}
export interface ReopenContainerLogRequest {
  containerId: string;
}
export type ReopenContainerLogResponse = Record<never, never>;
export interface CheckpointContainerRequest {
  containerId: string;
  location: string;
  timeout: bigint;
}
export type CheckpointContainerResponse = Record<never, never>;
export type GetEventsRequest = Record<never, never>;
export interface ContainerEventResponse {
  containerId: string;
  containerEventType: ContainerEventType;
  createdAt: bigint;
  podSandboxStatus: PodSandboxStatus | null;
  containersStatuses: ContainerStatus[];
}
export type ContainerEventType =
  | 'CONTAINER_CREATED_EVENT'
  | 'CONTAINER_STARTED_EVENT'
  | 'CONTAINER_STOPPED_EVENT'
  | 'CONTAINER_DELETED_EVENT';
export type ListMetricDescriptorsRequest = Record<never, never>;
export interface ListMetricDescriptorsResponse {
  descriptors: MetricDescriptor[];
}
export interface MetricDescriptor {
  name: string;
  help: string;
  labelKeys: string[];
}
export type ListPodSandboxMetricsRequest = Record<never, never>;
export interface ListPodSandboxMetricsResponse {
  podMetrics: PodSandboxMetrics[];
}
export interface PodSandboxMetrics {
  podSandboxId: string;
  metrics: Metric[];
  containerMetrics: ContainerMetrics[];
}
export interface ContainerMetrics {
  containerId: string;
  metrics: Metric[];
}
export interface Metric {
  name: string;
  timestamp: bigint;
  metricType: MetricType;
  labelValues: string[];
  value: UInt64Value | null;
}
export type MetricType = 'COUNTER' | 'GAUGE';
export type RuntimeConfigRequest = Record<never, never>;
export interface RuntimeConfigResponse {
  linux: LinuxRuntimeConfiguration | null;
}
export interface LinuxRuntimeConfiguration {
  cgroupDriver: CgroupDriver;
}
export type CgroupDriver = 'SYSTEMD' | 'CGROUPFS';
export interface UpdatePodSandboxResourcesRequest {
  podSandboxId: string;
  overhead: LinuxContainerResources | null;
  resources: LinuxContainerResources | null;
}
export type UpdatePodSandboxResourcesResponse = Record<never, never>;
