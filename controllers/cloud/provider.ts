// What a cloud can do for a cluster, as its controllers ask it: addresses for Services, facts about machines, routes to pods.
// Mirrors: staging/src/k8s.io/cloud-provider/cloud.go (LoadBalancer, InstancesV2, Routes). Implemented by localProvider.ts;
// asked by service.ts, node.ts, nodeLifecycle.ts and route.ts. A part that is absent is one that the cloud does not have.
import type { Node, NodeAddress, Service } from '../../apimachinery/types.ts';
import type { InformerFactory } from '../../client/informer.ts';

export interface Ingress {
  ip?: string;
  hostname?: string;
  /** `VIP`: kube-proxy on each node takes packets for the address; `Proxy`: they come to a node's own address. */
  ipMode?: 'VIP' | 'Proxy';
}

export interface LoadBalancers {
  /** Undefined: there is none for this Service. */
  get(service: Service): Promise<readonly Ingress[] | undefined>;
  /** Makes it, or makes it what the Service asks for. Safe to call again. Rejects with what people should read. */
  ensure(service: Service, nodes: readonly Node[]): Promise<readonly Ingress[]>;
  /** The nodes have changed, the Service has not. */
  update(service: Service, nodes: readonly Node[]): Promise<void>;
  /** Absent is fine. */
  delete(service: Service): Promise<void>;
}

/** A machine; empty texts and absent lists leave the Node as it is. */
export interface Instance {
  providerID: string;
  instanceType?: string;
  zone?: string;
  region?: string;
  addresses?: readonly NodeAddress[];
  /** Further labels of the Node, none of them Kubernetes' own. */
  labels?: Record<string, string>;
}

export interface Instances {
  /** Undefined: it has nothing to say of this Node (yet). */
  metadata(node: Node): Promise<Instance | undefined>;
  exists(node: Node): Promise<boolean>;
  isShutDown(node: Node): Promise<boolean>;
}

export interface Route {
  name: string;
  /** Name of the Node. */
  target: string;
  cidr: string;
  /** Leads nowhere. */
  blackhole?: boolean;
}

export interface Routes {
  list(): Promise<readonly Route[]>;
  create(route: Route): Promise<void>;
  delete(route: Route): Promise<void>;
}

export interface CloudProvider {
  readonly name: string;
  /** Called once before informers start, by each controller; for a cloud that lives in the cluster itself. */
  watch?(informers: InformerFactory): void;
  readonly loadBalancers?: LoadBalancers;
  readonly instances?: Instances;
  readonly routes?: Routes;
}
