// The members of an etcd cluster as this process reaches them: which one is asked, and what a failed call means.
// etcd3's own pool retries every call, also a transaction whose reply alone was lost; here the caller decides, by what kind of call it is.
// Used by etcd.ts, etcdWatch.ts and etcdLeases.ts. Upstream: storagebackend/factory/etcd3.go and the retry rules of etcd's clientv3.
import { type CallOptions, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { KVClient, LeaseClient, WatchClient } from 'etcd3';
import { Host } from 'etcd3/lib/connection-pool.js';
import { realClock } from '../../apimachinery/clock.ts';
import { pause } from './pause.ts';
import { StoreUnavailable } from './store.ts';

export interface EtcdOptions {
  /** `http://10.0.0.1:2379`, `https://…`; one a member. */
  endpoints: readonly string[];
  /** PEM. Absent with https: the machine's roots, no client certificate. */
  tls?: { ca?: Buffer; cert?: Buffer; key?: Buffer };
  /** How long a read is tried at member after member. Absent: 10,000. */
  patienceMs?: number;
}

/** One member: etcd's services as etcd3 types them, each call sent once. */
export interface EtcdMember {
  readonly endpoint: string;
  readonly kv: KVClient;
  readonly watch: WatchClient;
  readonly lease: LeaseClient;
}

type Call<T> = (member: EtcdMember, options: CallOptions) => Promise<T>;

export interface EtcdConnection {
  /** For what may be sent twice: tries member after member for `patienceMs`, then throws StoreUnavailable. */
  read<T>(call: Call<T>): Promise<T>;
  /** For what may not: goes to another member only when it has certainly not left. Throws StoreUnavailable, uncertain or not. */
  write<T>(call: Call<T>): Promise<T>;
  /** The member that answered last. */
  member(): EtcdMember;
  /** It did not answer: the next one is asked from now on. */
  failed(member: EtcdMember): void;
  close(): void;
}

const attemptMs = 5_000;

// Upstream's keepalive; the rest keeps a member that was down from being shunned for long after it is back.
const channelOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

export function connectEtcd({ endpoints, tls, patienceMs = 10_000 }: EtcdOptions): EtcdConnection {
  const hosts = endpoints.map((endpoint) => new Host(endpoint, channelCredentials(endpoint, tls), channelOptions));
  const members = endpoints.map((endpoint, i) => toMember(endpoint, hosts[i]!));
  let current = 0;
  let closed = false;

  const member = (): EtcdMember => members[current]!;
  const failed = (which: EtcdMember): void => {
    if (which === member()) current = (current + 1) % members.length;
  };
  const once = <T>(which: EtcdMember, call: Call<T>): Promise<T> => {
    if (closed) throw new StoreUnavailable('the store is closed');
    return call(which, { deadline: Date.now() + attemptMs });
  };

  async function read<T>(call: Call<T>): Promise<T> {
    const end = Date.now() + patienceMs;
    for (let tries = 1; ; tries++) {
      const asked = member();
      try {
        return await once(asked, call);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        failed(asked);
        if (Date.now() >= end) throw unavailable(error, false);
        if (tries % members.length === 0) await pause(realClock, Math.min(1_000, 50 * tries));
      }
    }
  }

  async function write<T>(call: Call<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const asked = member();
      try {
        return await once(asked, call);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        failed(asked);
        if (!neverLeft(error)) throw unavailable(error, true);
        if (tries >= members.length) throw unavailable(error, false);
      }
    }
  }

  return {
    read,
    write,
    member,
    failed,
    close() {
      closed = true;
      for (const host of hosts) host.close();
    },
  };
}

function channelCredentials(endpoint: string, tls: EtcdOptions['tls']) {
  if (!tls && !endpoint.startsWith('https://')) return credentials.createInsecure();
  return credentials.createSsl(tls?.ca, tls?.key, tls?.cert);
}

/** etcd3's raw clients over one host, without its retries, circuit breakers and renamed errors. */
function toMember(endpoint: string, host: Host): EtcdMember {
  const metadata = new Metadata();
  // A member that has lost its leader then ends a watch instead of falling silent.
  metadata.set('hasleader', 'true');
  const callable = {
    callOptionsFactory: undefined,
    exec: (service: 'KV' | 'Lease', method: string, payload: unknown, options: CallOptions = {}) =>
      new Promise<any>((resolve, reject) => {
        const client = host.getServiceClient(service) as any;
        client[method](payload, metadata, options, (error: ServiceError | null, response: unknown) =>
          error ? reject(error) : resolve(response),
        );
      }),
    withConnection: async (service: 'Watch', use: (to: any) => unknown) =>
      use({ resource: host, client: host.getServiceClient(service), metadata }),
    markFailed() {},
  } as unknown as ConstructorParameters<typeof KVClient>[0];
  return {
    endpoint,
    kv: new KVClient(callable),
    watch: new WatchClient(callable),
    lease: new LeaseClient(callable),
  };
}

const lost: ReadonlySet<number> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.UNKNOWN,
  status.INTERNAL,
]);

const isUnavailable = (error: unknown): error is ServiceError => lost.has((error as ServiceError).code);

/** grpc-js says so when there was no connection to send the call over. */
const neverLeft = (error: ServiceError): boolean =>
  error.code === status.UNAVAILABLE && /^(No connection established|Name resolution failed)/.test(error.details);

const unavailable = (error: ServiceError, uncertain: boolean): StoreUnavailable =>
  new StoreUnavailable(`etcd cannot be reached: ${error.details || error.message}`, uncertain);
