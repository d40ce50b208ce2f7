// The CNI configuration list of a node: the standard bridge, host-local and portmap plugins over its podCIDRs.
// Writes: one file, all at once, because the runtime reads it the moment it appears. Used by: network.ts.
// Mirrors: what flannel's and kindnet's daemons write. The plugins are the containernetworking ones, unchanged.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface CniOptions {
  podCIDRs: readonly string[];
  bridge: string;
  /** 0: the plugin's choice. */
  mtu: number;
  /** Of host-local. */
  dataDir: string;
}

/** As containerd 1.6 and all later runtimes read it. */
export const cniConfig = (o: CniOptions) => ({
  cniVersion: '0.4.0',
  name: 'mini-k8s',
  plugins: [
    {
      type: 'bridge',
      bridge: o.bridge,
      isGateway: true,
      // After the podCIDR has changed the bridge takes the new gateway address.
      forceAddress: true,
      // A pod reaches itself through its Service.
      hairpinMode: true,
      ipMasq: false,
      ...(o.mtu ? { mtu: o.mtu } : {}),
      ipam: {
        type: 'host-local',
        dataDir: o.dataDir,
        ranges: o.podCIDRs.map((subnet) => [{ subnet }]),
        routes: o.podCIDRs.map((cidr) => ({ dst: cidr.includes(':') ? '::/0' : '0.0.0.0/0' })),
      },
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ],
});

/** Writes the file if it says something else. Returns whether it did. Throws when the folder cannot be written. */
export function writeAtomically(path: string, text: string): boolean {
  if (readIfThere(path) === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  // A name that no runtime takes for a configuration.
  const draft = join(dirname(path), `.mini-k8s-network.${process.pid}.draft`);
  writeFileSync(draft, text, { mode: 0o644 });
  renameSync(draft, path);
  return true;
}

export const removeFile = (path: string): void => rmSync(path, { force: true });

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
