// Conversion strategy Webhook: objects are sent to a server of the definition's author, which sends them back in the wanted version.
// Reads and writes: ConversionReview over HTTPS. Mirrors: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.
// Next: convertedObjects.ts checks what came back; ../serving/versionForms.ts prunes and defaults it.
import { randomUUID } from 'node:crypto';
import { unknown } from '../../../apimachinery/status.ts';
import type { KubeObject } from '../../../apimachinery/types.ts';
import { acceptConverted, convertedOf, describe } from './convertedObjects.ts';
import type { Converter } from './converter.ts';
import type { PostReview } from './postReview.ts';

/** As many objects are sent at once: a list of thousands comes in several reviews. */
const batchSize = 200;

/** `versions`: conversionReviewVersions of the definition, the first one known is spoken. */
export function webhookConversion(versions: readonly string[], post: PostReview): Converter {
  const version = versions.find((v) => v === 'v1' || v === 'v1beta1');
  return {
    immediate: false,
    async convert(objects, apiVersion) {
      const out = [...objects];
      const waiting = [...objects.keys()].filter((i) => objects[i]!.apiVersion !== apiVersion);
      for (let from = 0; from < waiting.length; from += batchSize) {
        const indexes = waiting.slice(from, from + batchSize);
        const converted = await review(
          indexes.map((i) => objects[i]!),
          apiVersion,
          version,
          post,
        );
        for (const [n, i] of indexes.entries()) out[i] = converted[n]!;
      }
      return out;
    },
  };
}

async function review(
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
  version: string | undefined,
  post: PostReview,
): Promise<KubeObject[]> {
  if (!version) throw unknown('no supported conversion review versions');
  const what = describe(objects[0]!);
  const uid = randomUUID();
  const apiVersion = `apiextensions.k8s.io/${version}`;
  const request = { uid, desiredAPIVersion, objects };
  let answer: any;
  let converted: unknown[];
  try {
    answer = await post({ kind: 'ConversionReview', apiVersion, request });
    converted = convertedOf(answer, apiVersion, uid);
  } catch (error) {
    throw unknown(`conversion webhook for ${what} failed: ${(error as Error).message}`);
  }
  if (converted.length !== objects.length)
    throw unknown(`conversion webhook for ${what} returned ${converted.length} objects, expected ${objects.length}`);
  const many = objects.length > 1;
  return objects.map((original, i) => acceptConverted(original, converted[i], desiredAPIVersion, many ? i : undefined));
}
