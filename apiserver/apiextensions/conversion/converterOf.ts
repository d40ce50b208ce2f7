// The converter that a CustomResourceDefinition asks for.
// Mirrors: CRConverterFactory.NewConverter in apiextensions-apiserver/pkg/apiserver/conversion/converter.go.
// Used by ../startCustomResources.ts.
import type { KubeObject } from '../../../apimachinery/types.ts';
import type { Converter } from './converter.ts';
import { noConversion } from './none.ts';
import { postReviewTo } from './postReview.ts';
import { webhookConversion } from './webhook.ts';

export type ServiceAddress = (service: { namespace: string; name: string; port: number }) => string;

export function converterOf(crd: KubeObject, originOf: ServiceAddress): Converter {
  const { conversion, versions } = crd['spec'];
  // With one version there is nothing to convert.
  if (conversion?.strategy !== 'Webhook' || versions.length < 2) return noConversion;
  const { clientConfig, conversionReviewVersions = [] } = conversion.webhook;
  return webhookConversion(conversionReviewVersions, postReviewTo(clientConfig, originOf));
}
