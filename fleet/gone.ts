// A pod that is gone, or another of its name, needs nothing more: the watch tells the rest. Used by: pods.ts.
import { isReason } from '../apimachinery/status.ts';

export async function tolerateGone<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
    return undefined;
  }
}
