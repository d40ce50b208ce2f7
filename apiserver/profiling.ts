// /debug/pprof: what the process does with its time and memory, as V8 measures it. The files open in Chrome's DevTools and in editors.
// Mirrors: staging/src/k8s.io/apiserver/pkg/server/routes/profiling.go; the profiles are V8's own, not pprof's. Called by routes.ts.
import { Session } from 'node:inspector/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { badRequest } from '../apimachinery/status.ts';
import { PageNotFound } from './kinds/registry.ts';
import type { Answer, ApiRequest } from './request.ts';

const root = '/debug/pprof';
/** Longer ones would meet the deadline of requests. */
const most = 50;

type Measure = (session: Session, ms: number) => Promise<object>;

const measures: Record<string, Measure> = {
  async profile(session, ms) {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await pause(ms);
    return (await session.post('Profiler.stop')).profile;
  },
  /** Of what is allocated meanwhile and still there at the end. */
  async heap(session, ms) {
    await session.post('HeapProfiler.startSampling', { samplingInterval: 32_768 });
    await pause(ms);
    return (await session.post('HeapProfiler.stopSampling')).profile;
  },
};

let busy = false;

/** Throws 400 for seconds that are none, or while another profile is taken; PageNotFound for what is not there. */
export async function profiling(req: ApiRequest): Promise<Answer> {
  const name = req.path.slice(root.length + 1);
  if (!req.path.startsWith(root)) throw new PageNotFound();
  if (name === '') return { code: 200, type: 'text/html; charset=utf-8', body: index };
  if (name === 'cmdline') return { code: 200, type: 'text/plain; charset=utf-8', body: process.argv.join('\0') };
  const measure = Object.hasOwn(measures, name) ? measures[name] : undefined;
  if (!measure) throw new PageNotFound();
  const body = JSON.stringify(await measured(measure, secondsOf(req)));
  const file = `attachment; filename="${name}.${name === 'heap' ? 'heapprofile' : 'cpuprofile'}"`;
  return { code: 200, type: 'application/json', body, headers: { 'content-disposition': file } };
}

const index = `<html><head><title>/debug/pprof/</title></head><body>${['cmdline', ...Object.keys(measures)]
  .map((name) => `<a href="${name}">${name}</a><br>`)
  .join('')}</body></html>\n`;

function secondsOf({ query }: ApiRequest): number {
  const seconds = Number(query.get('seconds') ?? 30);
  if (!(seconds > 0 && seconds <= most)) throw badRequest(`seconds: must be more than 0 and at most ${most}`);
  return seconds;
}

async function measured(measure: Measure, seconds: number): Promise<object> {
  if (busy) throw badRequest('another profile is being taken');
  busy = true;
  const session = new Session();
  session.connect();
  try {
    return await measure(session, seconds * 1000);
  } finally {
    session.disconnect();
    busy = false;
  }
}
