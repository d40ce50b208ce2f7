// A port that stays free until the test takes it, also while what listened there is started again: neither listen(0) nor an outgoing
// connection gets it, for it lies below the kernel's own.
import { freePorts } from '../../cli/up/freePorts.ts';

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
