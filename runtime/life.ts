// What happens to a running container by itself: its log lines fall due, it exits. Timers exist only for those told to do either.
// Every moment is computed from the start time, so after a restart of this process what was missed is made up with its own times.
// Reads: behaviour.ts. Writes: container records (node.ts), log files (logs.ts), termination messages. Next: containers.ts.
import { existsSync, writeFileSync } from 'node:fs';
import { type ContainerBehaviour, containerBehaviour, podBehaviour } from './behaviour.ts';
import type { Micros } from './clock.ts';
import { appendLog, lastLogTime, logLine } from './logs.ts';
import { mounted } from './mounts.ts';
import type { SimulatedNode } from './node.ts';
import { runOwnCommand, runsOwnCommand } from './ownCommand.ts';
import type { ContainerRecord, SandboxRecord } from './records.ts';

/** More missed lines than this are not made up. */
const mostMissedLines = 1000;

export type OutputListener = (stream: 'stdout' | 'stderr', text: string) => void;

export class Life {
  readonly #node: SimulatedNode;
  readonly #timers = new Map<string, Set<() => void>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #outputs = new Map<string, Set<OutputListener>>();
  /** When each container that is stopping was first asked to. */
  readonly #askedToStop = new Map<string, Micros>();

  constructor(node: SimulatedNode) {
    this.#node = node;
  }

  /** Takes up what runs, after a restart of this process. */
  resume(): void {
    for (const s of this.#node.sandboxes.values()) if (s.ready) this.watchSandbox(s);
    for (const c of this.#node.containers.values()) if (c.state === 'running') this.#live(c);
  }

  behaviourOf(c: ContainerRecord): ContainerBehaviour {
    const pod = this.#node.sandboxes.get(c.sandboxId)?.annotations ?? {};
    const behaviour = containerBehaviour(c.name, c.attempt, pod, c.annotations);
    return c.runsOn ? { ...behaviour, exitAfter: undefined } : behaviour;
  }

  /** The container is running from now on. */
  begin(c: ContainerRecord): void {
    c.startedAt = this.#node.host.clock.now();
    c.state = 'running';
    c.runsOn = this.#leavesMark(c);
    this.#node.saveContainer(c);
    this.#node.emit(c, 'CONTAINER_STARTED_EVENT');
    const behaviour = this.behaviourOf(c);
    if (!runsOwnCommand(c, behaviour)) this.#writeFirstLines(c, behaviour);
    this.#live(c);
  }

  /** Ends a running container; does nothing to one that has ended. */
  end(c: ContainerRecord, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error', when?: Micros): void {
    if (c.state !== 'running') return;
    this.cancel(c.id);
    c.state = 'exited';
    c.finishedAt = Math.max(when ?? this.#node.host.clock.now(), c.startedAt + 1);
    c.exitCode = exitCode;
    c.reason = reason;
    this.#writeTerminationMessage(c);
    this.#node.saveContainer(c);
    this.#node.emit(c, 'CONTAINER_STOPPED_EVENT');
    for (const resolve of this.#waiting.get(c.id) ?? []) resolve();
    this.#waiting.delete(c.id);
    this.#askedToStop.delete(c.id);
  }

  /**
   * Asks the container to end and kills it after `timeout` seconds; 0 kills at once. Resolves when it has ended.
   * A second call with less time left shortens the wait.
   */
  async stop(c: ContainerRecord, timeout: number, signal: AbortSignal): Promise<void> {
    const { stopAfter, stopExitCode } = this.behaviourOf(c);
    if (timeout <= 0) return this.end(c, 137);
    if (stopAfter === 0) return this.end(c, stopExitCode);
    if (c.state !== 'running') return;
    const now = this.#node.host.clock.now();
    const askedAt = this.#askedToStop.get(c.id) ?? now;
    this.#askedToStop.set(c.id, askedAt);
    const endsAt = askedAt + stopAfter * 1000;
    const killedAt = now + timeout * 1_000_000;
    this.at(c.id, Math.min(endsAt, killedAt), () => this.end(c, endsAt <= killedAt ? stopExitCode : 137));
    await this.ended(c, signal);
  }

  /** Resolves when the container has ended, or when `signal` aborts. */
  ended(c: ContainerRecord, signal?: AbortSignal): Promise<void> {
    if (c.state !== 'running' || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(c.id) ?? new Set();
      this.#waiting.set(c.id, waiting.add(resolve));
      const leave = () => {
        waiting.delete(resolve);
        resolve();
      };
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hears what the container writes from now on; returns how to stop. */
  onOutput(c: ContainerRecord, listener: OutputListener): () => void {
    const listeners = this.#outputs.get(c.id) ?? new Set();
    this.#outputs.set(c.id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (!listeners.size) this.#outputs.delete(c.id);
    };
  }

  /** Runs `callback` at `when` unless the container or sandbox `id` ends first. */
  at(id: string, when: Micros, callback: () => void): void {
    const timers = this.#timers.get(id) ?? new Set();
    this.#timers.set(id, timers);
    const cancel = this.#node.host.clock.at(when, () => {
      timers.delete(cancel);
      callback();
    });
    timers.add(cancel);
  }

  cancel(id: string): void {
    for (const cancel of this.#timers.get(id) ?? []) cancel();
    this.#timers.delete(id);
  }

  /** A sandbox that was told to fail stops being ready, as if its pause process had been killed. */
  watchSandbox(s: SandboxRecord): void {
    const { sandboxExitAfter } = podBehaviour(s.annotations);
    if (sandboxExitAfter !== undefined) this.at(s.id, s.createdAt + sandboxExitAfter * 1000, () => this.stopSandbox(s));
  }

  /** Kills what runs in it and gives its addresses back. */
  stopSandbox(s: SandboxRecord): void {
    this.cancel(s.id);
    for (const c of this.#node.containersOf(s.id)) this.end(c, 137);
    if (!s.ready) return;
    s.ready = false;
    this.#node.saveSandbox(s);
    s.ips = [];
    this.#node.saveSandbox(s);
  }

  /** No timer fires any more; nothing ends. */
  pause(): void {
    for (const id of [...this.#timers.keys()]) this.cancel(id);
  }

  #live(c: ContainerRecord): void {
    const b = this.behaviourOf(c);
    if (runsOwnCommand(c, b)) {
      this.#runCommand(c);
      return;
    }
    const exitAt = b.exitAfter === undefined ? Number.POSITIVE_INFINITY : c.startedAt + b.exitAfter * 1000;
    const now = this.#node.host.clock.now();
    if (b.logEvery !== undefined) this.#logUntil(c, b, Math.min(now, exitAt), this.#linesSoFar(c, b.logEvery));
    const exit = () => this.end(c, b.exitCode, b.exitReason, exitAt);
    if (exitAt <= now) exit();
    else if (exitAt < Number.POSITIVE_INFINITY) this.at(c.id, exitAt, exit);
  }

  #runCommand(c: ContainerRecord): void {
    runOwnCommand(this.#node, this, c, (stream, line, at) => this.#append(c, logLine(at, stream, line))).catch(
      (error) => {
        this.#node.host.log.error({ container: c.id, error: String(error) }, 'the simulated shell failed');
        this.end(c, 255);
      },
    );
  }

  #linesSoFar(c: ContainerRecord, every: number): number {
    const last = c.logPath ? lastLogTime(c.logPath) : undefined;
    return Math.max(c.loggedLines, last === undefined ? 0 : Math.round((last - c.startedAt) / (every * 1000)));
  }

  /** Writes the lines due by `until` of which `done` are written, then waits for the next. */
  #logUntil(c: ContainerRecord, b: ContainerBehaviour, until: Micros, done: number): void {
    const every = b.logEvery! * 1000;
    const due = Math.min(Math.floor((until - c.startedAt) / every), b.logLines);
    const lines: string[] = [];
    for (let n = Math.max(done, due - mostMissedLines) + 1; n <= due; n++) {
      lines.push(logLine(c.startedAt + n * every, 'stdout', b.logLine.replaceAll('{n}', String(n))));
    }
    this.#append(c, lines.join(''));
    const written = Math.max(done, due);
    if (written >= b.logLines) return;
    this.at(c.id, c.startedAt + (written + 1) * every, () =>
      this.#logUntil(c, b, this.#node.host.clock.now(), written),
    );
  }

  #writeFirstLines(c: ContainerRecord, b: ContainerBehaviour): void {
    const lines = (text: string | undefined, stream: 'stdout' | 'stderr') =>
      text
        ? text
            .replace(/\n$/, '')
            .split('\n')
            .map((line) => logLine(c.startedAt, stream, line))
        : [];
    const first = b.log ?? `simulated container ${c.name} of image ${c.image} started`;
    this.#append(c, [...lines(first, 'stdout'), ...lines(b.logStderr, 'stderr')].join(''));
  }

  #append(c: ContainerRecord, text: string): void {
    for (const listener of this.#outputs.get(c.id) ?? []) {
      for (const [, stream, line] of text.matchAll(/^\S+ (stdout|stderr) F (.*)$/gm))
        listener(stream as 'stdout' | 'stderr', `${line}\n`);
    }
    if (!c.logPath) return;
    try {
      appendLog(c.logPath, text);
    } catch (error) {
      this.#node.host.log.warn({ container: c.id, error: String(error) }, 'cannot write the container log');
    }
  }

  /** A start that does not find the file of exit-if-file makes it; one outside of all mounts is never found. */
  #leavesMark(c: ContainerRecord): boolean {
    const { exitIfFile } = this.behaviourOf(c);
    const file = exitIfFile === undefined ? undefined : mounted(c, exitIfFile);
    if (exitIfFile === undefined || (file && existsSync(file))) return false;
    try {
      if (file) writeFileSync(file, '');
    } catch (error) {
      this.#node.host.log.warn({ container: c.id, error: String(error) }, 'cannot make the file of exit-if-file');
    }
    return true;
  }

  /** The kubelet mounts a file where the container leaves its last words. */
  #writeTerminationMessage(c: ContainerRecord): void {
    const message = this.behaviourOf(c).terminationMessage;
    if (message === undefined) return;
    const path = c.annotations['io.kubernetes.container.terminationMessagePath'] ?? '/dev/termination-log';
    const file = c.mounts?.find((m) => m.containerPath === path)?.hostPath;
    if (!file) return;
    try {
      writeFileSync(file, message);
    } catch (error) {
      this.#node.host.log.warn({ container: c.id, error: String(error) }, 'cannot write the termination message');
    }
  }
}
