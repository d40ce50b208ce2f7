// The program that makes a cluster's keys and certificates, for `up` and for the setup service under compose.
// Writes the PKI folder. A program of its own, so that the supervisor need not carry the library that signs.
// Next: checkPki.ts decides, issuePki.ts makes.
import type { Flags } from '../../component-base/flags.ts';
import { runMain } from '../../component-base/main.ts';
import type { NodeIdentity } from './identities.ts';
import { issuePki } from './issuePki.ts';

const flags = {
  folder: { type: 'string', default: 'pki', help: 'Folder of keys and certificates.' },
  nodes: { type: 'list', default: [], help: 'Nodes that get an identity, as name or name=address=address….' },
  names: { type: 'list', default: [], help: 'Names and addresses of the API server besides the usual ones.' },
  'service-ip': { type: 'string', default: '10.96.0.1', help: 'First address of the Services.' },
} as const satisfies Flags;

/** `node-1=10.0.0.1=n1.lan`: a node and where it is reached. */
export const parseNode = (text: string): NodeIdentity => {
  const [name = '', ...names] = text.split('=');
  return { name, names };
};

runMain(import.meta, {
  name: 'mini-k8s-pki',
  usage: 'Makes the keys and certificates of a cluster that are missing or about to expire.',
  flags,
  async run(config) {
    await issuePki({
      folder: config.folder,
      nodes: config.nodes.map(parseNode),
      names: config.names,
      serviceIP: config['service-ip'],
    });
  },
});
