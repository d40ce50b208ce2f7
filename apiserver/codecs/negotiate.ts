// Accept header → the encoding of the answer: media type × form × version of the form.
// Reads: mediaTypes.ts. Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go and, for what a resource
// offers, AllowsMediaTypeTransform in endpoints/handlers/rest.go. Next: codecs.ts writes by what is decided here.
import { notAcceptable } from '../../apimachinery/status.ts';
import { type MediaType, mediaTypesWith } from './mediaTypes.ts';

export type Form = 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'APIGroupDiscoveryList';

export interface Encoding {
  media: MediaType;
  form: Form;
  /** apiVersion of the form: meta.k8s.io/v1 or v1beta1, apidiscovery.k8s.io/v2. */
  formVersion: string;
  pretty: boolean;
  /** What tells shared encoded bytes apart. */
  id: string;
}

/** What an endpoint can write. */
export interface Offer {
  /** Table and PartialObjectMetadata besides the object itself. */
  forms: boolean;
  /** False for custom resources: they have no message, though their metadata has. */
  protobuf: boolean;
  /** The gate CBORServingAndStorage. */
  cbor: boolean;
  watch: boolean;
  /** All groups in one document, instead of one path each. */
  discovery?: boolean;
}

const remembered = new Map<string, Encoding>();
const forms = new Set<string>(['PartialObjectMetadata', 'PartialObjectMetadataList']);

/** Throws 406 when nothing that the client accepts can be written. */
export function negotiate(accept: string | undefined, pretty: boolean, offer: Offer): Encoding {
  const { forms, protobuf, cbor, watch, discovery } = offer;
  const memo = `${forms ? 'f' : ''}${protobuf ? 'b' : ''}${cbor ? 'c' : ''}${watch ? 'w' : ''}${discovery ? 'd' : ''}${pretty ? 'p' : ''}|${accept ?? ''}`;
  let found = remembered.get(memo);
  if (!found) {
    found = choose(accept ?? '', pretty, offer);
    if (remembered.size > 500) remembered.clear();
    remembered.set(memo, found);
  }
  return found;
}

function choose(accept: string, pretty: boolean, offer: Offer): Encoding {
  const types = mediaTypesWith(offer.cbor);
  if (!accept) return encoding(types[0]!, 'object', '', pretty);
  for (const clause of byQuality(accept)) {
    for (const media of types) {
      if (!matches(clause.name, media, offer)) continue;
      const found = allowed(clause, media, pretty, offer);
      if (!found) continue;
      if (offer.watch && !media.watch) throw refusal(offer);
      return found;
    }
  }
  throw refusal(offer);
}

function refusal({ cbor, watch }: Offer) {
  const types = mediaTypesWith(cbor);
  const names = watch ? types.filter((m) => m.watch).map((m) => `${m.name};stream=watch`) : types.map((m) => m.name);
  return notAcceptable(`only the following media types are accepted: ${names.join(', ')}`);
}

interface Clause {
  name: string;
  params: Map<string, string>;
  q: number;
}

/** The better ones first, wildcards last among equals. */
function byQuality(accept: string): Clause[] {
  const clauses = accept.split(',').map((text): Clause => {
    const [name = '', ...rest] = text.split(';').map((s) => s.trim());
    const params = new Map(rest.map((p) => [p.split('=', 1)[0]!.trim(), unquoted(p)] as const));
    return { name: name.toLowerCase(), params, q: quality(params.get('q')) };
  });
  return clauses.sort((a, b) => b.q - a.q || wildness(a.name) - wildness(b.name));
}

const unquoted = (param: string) =>
  param
    .slice(param.indexOf('=') + 1)
    .trim()
    .replace(/^"(.*)"$/, '$1');
const quality = (text: string | undefined) => (text === undefined || Number.isNaN(Number(text)) ? 1 : Number(text));
const wildness = (name: string) => (name === '*/*' ? 2 : name.endsWith('/*') ? 1 : 0);

function matches(name: string, media: MediaType, offer: Offer): boolean {
  if (name === '*/*' || name === 'application/*') return true;
  return name === media.name || (offer.watch && name === media.watch?.type);
}

/** The encoding that a clause asks for, when this endpoint has it. */
function allowed({ params }: Clause, media: MediaType, pretty: boolean, offer: Offer): Encoding | undefined {
  const stream = params.get('stream');
  if (stream && (stream !== 'watch' || !media.watch)) return undefined;
  const forEyes = pretty || params.get('pretty') === '1';
  const [as, group, version] = [params.get('as'), params.get('g'), params.get('v')];
  if (as === undefined && group === undefined && version === undefined) {
    const offered = !media.needsMessage || offer.protobuf;
    return offered ? encoding(media, 'object', '', forEyes) : undefined;
  }
  if (offer.discovery && as === 'APIGroupDiscoveryList' && group === 'apidiscovery.k8s.io' && version === 'v2')
    return encoding(media, as, 'apidiscovery.k8s.io/v2', forEyes);
  if (!offer.forms || group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  // A Table holds cells of any type, for which protobuf has no message.
  const known = as === 'Table' ? !media.needsMessage : forms.has(as ?? '');
  return known ? encoding(media, as as Form, `meta.k8s.io/${version}`, forEyes) : undefined;
}

function encoding(media: MediaType, form: Form, formVersion: string, pretty: boolean): Encoding {
  const forEyes = pretty && media.sendsJson;
  const id = `${media.name}|${form}|${formVersion}|${forEyes ? 'p' : ''}`;
  return { media, form, formVersion, pretty: forEyes, id };
}
