// Starts Jobs by the clock, and clears away those that ended long ago.
// Reads: cronjobs, jobs. Writes: jobs, cronjobs/status, Events.
// Mirrors: pkg/controller/cronjob/cronjob_controllerv2.go. Next along the chain: plan.ts decides; the Job controller runs what starts.
import { toTime } from '../../apimachinery/clock.ts';
import { deepEqual } from '../../apimachinery/deepEqual.ts';
import { cronJobs, jobs } from '../../apimachinery/resources.ts';
import { isReason } from '../../apimachinery/status.ts';
import type { CronJob, Job } from '../../apimachinery/types.ts';
import { type Controller, type ControllerContext, type Result, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { isNamespaceTerminating, tolerate } from '../common/errors.ts';
import { createFreshness, type Freshness } from '../common/freshness.ts';
import { controllerOf, indexByController, ownedBy } from '../common/owners.ts';
import { type CronStatus, jobFor, planActive, planHistory, planStart, referenceTo, type Told } from './plan.ts';

/** `workers` is --concurrent-cron-job-syncs. */
export function cronJobController(workers = 5): Controller {
  let fresh: Freshness;
  return {
    name: 'cronjob-controller',
    workers,
    watches: [
      watch({ resource: cronJobs, keys: (cronJob) => [keyOf(cronJob)] }),
      watch({ resource: jobs, keys: ownersOf }),
    ],
    setup({ informers, clock }) {
      indexByController(informers.informer(jobs));
      fresh = createFreshness(informers.informer(cronJobs), clock);
    },
    reconcile: (key, context) => reconcile(key, context, fresh),
  };
}

function ownersOf(job: Job): string[] {
  const ref = controllerOf(job);
  return ref?.kind === 'CronJob' ? [`${job.metadata.namespace}/${ref.name}`] : [];
}

async function reconcile(key: string, context: ControllerContext, fresh: Freshness): Promise<Result | undefined> {
  const cronJob = context.informers.informer(cronJobs).get(key) as CronJob | undefined;
  if (!cronJob) return undefined;
  if (!fresh.isFresh(key)) return { after: 1000, postponed: true };
  const sync = new Sync(cronJob, context);
  let after: number | undefined;
  let failure: { error: unknown } | undefined;
  try {
    await sync.clearHistory();
    await sync.reviewActive();
    after = await sync.startDue();
  } catch (error) {
    failure = { error };
  }
  // What was done before a failure is written down all the same.
  const written = await sync.writeStatus();
  if (written) fresh.wrote(key, written);
  if (failure) throw failure.error;
  return after === undefined || Number.isNaN(after) ? undefined : { after };
}

/** One look: its steps change the status, which is written once at the end. */
class Sync {
  private status: CronStatus;
  private readonly cronJob: CronJob;
  private readonly context: ControllerContext;
  private readonly jobs: Job[];

  constructor(cronJob: CronJob, context: ControllerContext) {
    this.cronJob = cronJob;
    this.context = context;
    this.status = { ...cronJob.status };
    this.jobs = ownedBy(context.informers.informer(jobs), cronJob.metadata.uid!) as Job[];
  }

  async clearHistory(): Promise<void> {
    for (const job of planHistory(this.cronJob, this.jobs)) if (!job.metadata.deletionTimestamp) await this.delete(job);
  }

  async reviewActive(): Promise<void> {
    const { status, told, unknown } = planActive(this.now(), this.jobs);
    this.status = status;
    this.tell(told);
    if (unknown.length) await this.reportUnknown(unknown);
    for (const ref of this.status.active ?? []) {
      if (this.jobs.some((job) => job.metadata.uid === ref.uid)) continue;
      // The cache may be behind: ask.
      if (await this.find(ref.name!)) continue;
      this.tell([{ type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${ref.name}` }]);
      this.forget(ref.uid!);
    }
  }

  /** Starts a Job if one is due; gives the milliseconds until the next look. */
  async startDue(): Promise<number | undefined> {
    const { told, time, replace, after } = planStart(this.now(), this.context.clock.now());
    this.tell(told);
    if (time === undefined) return after;
    if (replace) for (const ref of this.status.active ?? []) await this.replace(ref.name!, ref.uid!);
    const job = await this.create(time);
    if (!job) return after;
    this.status.active = [...(this.status.active ?? []), referenceTo(job) as never];
    this.status.lastScheduleTime = toTime(time) as never;
    return after;
  }

  async writeStatus(): Promise<CronJob | undefined> {
    if (deepEqual(this.status, this.cronJob.status ?? {})) return undefined;
    const active = this.status.active?.length ? this.status.active : undefined;
    return (await this.context.client.updateStatus(cronJobs, {
      ...this.cronJob,
      status: { ...this.status, active },
    } as never)) as CronJob;
  }

  private now = (): CronJob => ({ ...this.cronJob, status: this.status }) as CronJob;

  private tell(told: readonly Told[]): void {
    for (const { type, reason, message } of told) this.context.events.event(this.cronJob, type, reason, message);
  }

  private forget(uid: string): void {
    this.status.active = this.status.active?.filter((ref) => ref.uid !== uid);
  }

  private find(name: string): Promise<Job | undefined> {
    return tolerate(['NotFound'], this.context.client.get(jobs, name, this.cronJob.metadata.namespace));
  }

  /** A Job that runs as ours though we do not know it; unless our copy of the CronJob is merely old. */
  private async reportUnknown(unknown: readonly Job[]): Promise<void> {
    const { name, namespace } = this.cronJob.metadata;
    const latest = (await this.context.client.get(cronJobs, name, namespace)) as CronJob;
    const known = new Set((latest.status?.active ?? []).map((ref) => ref.uid));
    for (const job of unknown)
      if (!known.has(job.metadata.uid))
        this.tell([
          {
            type: 'Warning',
            reason: 'UnexpectedJob',
            message: `Saw a job that the controller did not create or forgot: ${job.metadata.name}`,
          },
        ]);
  }

  /** Undefined when it was made before, by whom ever, and needs no entry. */
  private async create(time: number): Promise<Job | undefined> {
    const wanted = jobFor(this.cronJob, time);
    try {
      const job = (await this.context.client.create(jobs, wanted)) as Job;
      this.tell([{ type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${job.metadata.name}` }]);
      return job;
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) return this.createdBefore(wanted.metadata.name);
      if (!isNamespaceTerminating(error))
        this.tell([
          { type: 'Warning', reason: 'FailedCreate', message: `Error creating job: ${(error as Error).message}` },
        ]);
      throw error;
    }
  }

  /** We made it and were stopped before we could write it down. */
  private async createdBefore(name: string): Promise<Job | undefined> {
    const job = await this.find(name);
    if (!job || controllerOf(job)?.uid !== this.cronJob.metadata.uid) return undefined;
    return this.status.active?.some((ref) => ref.uid === job.metadata.uid) ? undefined : job;
  }

  private async replace(name: string, uid: string): Promise<void> {
    const job = await this.find(name);
    if (!job) return this.forget(uid);
    if (!(await this.delete(job)))
      throw new Error(`could not replace job ${job.metadata.namespace}/${job.metadata.name}`);
  }

  private async delete(job: Job): Promise<boolean> {
    const { name, namespace, uid } = job.metadata;
    try {
      await this.context.client.delete(jobs, name, namespace, { propagationPolicy: 'Background' });
    } catch (error) {
      const message = `Deleted job: ${(error as Error).message}`;
      this.tell([{ type: 'Warning', reason: 'FailedDelete', message }]);
      return false;
    }
    this.forget(uid!);
    this.tell([{ type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${name}` }]);
    return true;
  }
}
