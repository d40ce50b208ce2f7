// The flags of the local-path provisioner; their names follow the kubelet and the provisioners of CSI drivers where those have one.
// Used by: main.ts.
import type { Flags } from '../../component-base/flags.ts';
import { commonFlags } from '../commonFlags.ts';

export const flags = {
  ...commonFlags,
  'hostname-override': {
    type: 'list',
    default: [],
    help: 'The Nodes whose files are on this machine, instead of the host name; * is every Node.',
  },
  'base-path': {
    type: 'string',
    default: '/var/lib/mini-k8s/volumes',
    help: 'The folder below which volumes are made: <base-path>/<node>/<volume>.',
  },
  provisioner: {
    type: 'string',
    default: 'mini-k8s.io/local-path',
    help: 'The name by which StorageClasses ask for it.',
  },
  'healthz-bind-address': { type: 'string', default: '127.0.0.1', help: 'Address of the health server.' },
  'healthz-port': { type: 'int', default: 0, help: 'Its port, with /healthz and /metrics; 0: none.' },
} as const satisfies Flags;
