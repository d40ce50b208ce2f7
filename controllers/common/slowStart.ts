// Many equal writes: one first, then two, four, eight … as long as all succeed, so that a quota or a broken template
// costs one refusal and not a thousand. Mirrors: slowStartBatch in pkg/controller/replicaset/replica_set.go.

/** Runs `work` up to `count` times, with 0, 1, 2 …. How many succeeded, and the first error; after it no further batch begins. */
export async function slowStart(
  count: number,
  work: (index: number) => Promise<void>,
): Promise<{ succeeded: number; error?: unknown }> {
  let succeeded = 0;
  let begun = 0;
  for (let batch = Math.min(1, count); batch > 0; batch = Math.min(batch * 2, count - succeeded)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, () => work(begun++)));
    succeeded += results.filter((r) => r.status === 'fulfilled').length;
    const failed = results.find((r) => r.status === 'rejected');
    if (failed) return { succeeded, error: failed.reason };
  }
  return { succeeded };
}
