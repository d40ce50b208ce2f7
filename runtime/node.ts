// One simulated node: its sandboxes, containers and images in memory, each change written through to the store and told to watchers.
// Reads: store.ts at the start. Writes: store.ts, and the address book that podDialer.ts answers by.
// Used by: sandboxes.ts, containers.ts, images.ts, life.ts, which hold the behaviour. Next: life.ts.
import { randomBytes } from 'node:crypto';
import type { Logger } from '../component-base/logger.ts';
import { CriError } from '../cri/error.ts';
import type { ContainerEventType } from '../cri/types.ts';
import { type AddressRange, parseRanges, resumeAfter } from './addresses.ts';
import type { RuntimeClock } from './clock.ts';
import type { ContainerRecord, ImageRecord, SandboxRecord } from './records.ts';
import type { RecordKind, RecordStore } from './store.ts';

/** What all nodes of one process share. `addresses` finds the sandbox behind a pod address, `nodes` a node by its name. */
export interface Host {
  rootDir: string;
  store: RecordStore;
  clock: RuntimeClock;
  log: Logger;
  addresses: Map<string, { node: SimulatedNode; sandboxId: string }>;
  nodes: Map<string, SimulatedNode>;
  /** Where sandbox addresses come from until a kubelet has named the node's podCIDR. */
  defaultPodCidr: string;
}

export interface NodeEvent {
  containerId: string;
  type: ContainerEventType;
  at: number;
  /** A copy of what the container was, because a deleted one is no longer there. */
  sandboxId: string;
}

export class SimulatedNode {
  readonly name: string;
  readonly host: Host;
  readonly sandboxes = new Map<string, SandboxRecord>();
  readonly containers = new Map<string, ContainerRecord>();
  readonly images = new Map<string, ImageRecord>();
  readonly listeners = new Set<(event: NodeEvent) => void>();
  /** Names that a call under way has taken: two equal ones at once would make two pods of one. */
  readonly reserved = new Set<string>();
  /** Empty until UpdateRuntimeConfig has come. */
  podCidr = '';
  ranges: AddressRange[] = [];
  readonly #bySandbox = new Map<string, Set<string>>();

  constructor(name: string, host: Host) {
    this.name = name;
    this.host = host;
    this.#load();
  }

  #load(): void {
    const all = <T>(kind: RecordKind) => this.host.store.all<T>(this.name, kind);
    for (const image of all<ImageRecord>('image')) this.images.set(image.id, image);
    for (const s of all<SandboxRecord>('sandbox').sort((a, b) => a.createdAt - b.createdAt)) {
      this.sandboxes.set(s.id, s);
      this.#publish(s);
    }
    for (const c of all<ContainerRecord>('container').sort((a, b) => a.createdAt - b.createdAt)) this.#index(c);
    this.podCidr = all<{ podCidr: string }>('setting')[0]?.podCidr ?? '';
    this.#openRanges();
  }

  #openRanges(): void {
    this.ranges = parseRanges(this.podCidr || this.host.defaultPodCidr);
    for (const s of this.sandboxes.values()) {
      for (const ip of s.ips) for (const range of this.ranges) resumeAfter(range, ip);
    }
  }

  /** Later sandboxes get their addresses from here; those that run keep theirs. */
  setPodCidr(podCidr: string): void {
    if (podCidr === this.podCidr) return;
    parseRanges(podCidr);
    this.podCidr = podCidr;
    this.host.store.put(this.name, 'setting', 'podCidr', { podCidr });
    this.#openRanges();
  }

  containersOf(sandboxId: string): ContainerRecord[] {
    return [...(this.#bySandbox.get(sandboxId) ?? [])].map((id) => this.containers.get(id)!);
  }

  saveSandbox(s: SandboxRecord): void {
    this.sandboxes.set(s.id, s);
    this.#publish(s);
    this.host.store.put(this.name, 'sandbox', s.id, s);
  }

  dropSandbox(s: SandboxRecord): void {
    this.#publish({ ...s, ready: false });
    this.sandboxes.delete(s.id);
    this.#bySandbox.delete(s.id);
    this.host.store.remove(this.name, 'sandbox', s.id);
  }

  saveContainer(c: ContainerRecord): void {
    this.#index(c);
    this.host.store.put(this.name, 'container', c.id, c);
  }

  dropContainer(c: ContainerRecord): void {
    this.containers.delete(c.id);
    this.#bySandbox.get(c.sandboxId)?.delete(c.id);
    this.host.store.remove(this.name, 'container', c.id);
  }

  saveImage(image: ImageRecord): void {
    this.images.set(image.id, image);
    this.host.store.put(this.name, 'image', image.id, image);
  }

  dropImage(image: ImageRecord): void {
    this.images.delete(image.id);
    this.host.store.remove(this.name, 'image', image.id);
  }

  /** A sandbox or container by its id or an unambiguous beginning of it, as crictl writes them. Throws NotFound. */
  sandbox(id: string): SandboxRecord {
    return find(this.sandboxes, id) ?? missing('sandbox', id);
  }
  container(id: string): ContainerRecord {
    return find(this.containers, id) ?? missing('container', id);
  }
  findSandbox = (id: string): SandboxRecord | undefined => find(this.sandboxes, id);
  findContainer = (id: string): ContainerRecord | undefined => find(this.containers, id);

  emit(c: ContainerRecord, type: ContainerEventType): void {
    const event = { containerId: c.id, sandboxId: c.sandboxId, type, at: this.host.clock.now() };
    for (const listener of this.listeners) listener(event);
  }

  #index(c: ContainerRecord): void {
    this.containers.set(c.id, c);
    const ids = this.#bySandbox.get(c.sandboxId) ?? new Set();
    this.#bySandbox.set(c.sandboxId, ids.add(c.id));
  }

  /** Ready sandboxes are in the address book, others are not. */
  #publish(s: SandboxRecord): void {
    for (const ip of s.ips) {
      if (s.ready) this.host.addresses.set(ip, { node: this, sandboxId: s.id });
      else if (this.host.addresses.get(ip)?.sandboxId === s.id) this.host.addresses.delete(ip);
    }
  }
}

export const newId = (): string => randomBytes(32).toString('hex');

function find<T>(map: Map<string, T>, id: string): T | undefined {
  if (id === '' || map.has(id)) return map.get(id);
  const matches = [...map.keys()].filter((key) => key.startsWith(id));
  return matches.length === 1 ? map.get(matches[0]!) : undefined;
}

function missing(what: string, id: string): never {
  throw new CriError('NotFound', `an error occurred when try to find ${what} "${id}": not found`);
}
