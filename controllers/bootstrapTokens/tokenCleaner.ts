// Deletes bootstrap tokens when their time is over.
// Reads: secrets of that type in kube-system. Writes: their deletions. Mirrors: pkg/controller/bootstrap/tokencleaner.go.
// Off unless named. Next: bootstrapSigner.ts takes their signatures off.
import { secrets } from '../../apimachinery/resources.ts';
import { type Controller, watch } from '../../client/controller.ts';
import { keyOf } from '../../client/informerCache.ts';
import { tolerate } from '../common/errors.ts';
import { expiryOf, onlyBootstrap } from './token.ts';

export const tokenCleaner: Controller = {
  name: 'token-cleaner-controller',
  serviceAccount: 'token-cleaner',
  workers: 1,
  watches: [watch({ resource: secrets, options: onlyBootstrap, keys: (secret) => [keyOf(secret)] })],
  async reconcile(key, { client, informers, clock }) {
    const secret = informers.informer(secrets, onlyBootstrap).get(key);
    const ends = secret && expiryOf(secret);
    if (!secret || ends === undefined) return;
    if (ends > clock.now()) return { after: ends - clock.now() };
    const { name, namespace, uid } = secret.metadata;
    await tolerate(['NotFound'], client.delete(secrets, name, namespace, { preconditions: { uid } }));
    return;
  },
};
