// The flags that all add-ons take: how they reach the API server and as whom, and how much they say.
// Used by: localPath/flags.ts, network/flags.ts.
import type { Flags } from '../component-base/flags.ts';

export const commonFlags = {
  kubeconfig: {
    type: 'string',
    default: '',
    help: 'Path to the kubeconfig that names the API server and an identity.',
  },
  'service-account': {
    type: 'string',
    default: '',
    help: 'Act as this ServiceAccount of kube-system; the kubeconfig’s identity (the node’s, say) then only asks for its tokens.',
  },
  v: { type: 'int', default: 0, help: 'Log verbosity: 2 shows what happens, 4 everything.' },
} as const satisfies Flags;
