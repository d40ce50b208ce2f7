// Accept header → the encoding of the answer: media type × form × version of the form.
// Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go.
import { notAcceptable } from '../../apimachinery/status.ts';
import { jsonMedia, type WritingMedia, writingMediaTypes } from './mediaTypes.ts';

export type Form = 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

export interface Encoding {
  media: WritingMedia;
  form: Form;
  /** apiVersion of Table and PartialObjectMetadata: meta.k8s.io/v1 or v1beta1. */
  formVersion: string;
  pretty: boolean;
  /** What tells shared encoded bytes apart. */
  id: string;
}

const remembered = new Map<string, Encoding>();
const forms = new Set<string>(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** Throws 406 when nothing that the client accepts can be written. `tables`: the forms other than the object itself are offered. */
export function negotiate(accept: string | undefined, pretty: boolean, offerForms = true): Encoding {
  const memo = `${offerForms ? '' : '!'}${pretty ? 'p' : ''}${accept ?? ''}`;
  let found = remembered.get(memo);
  if (!found) {
    found = choose(accept ?? '', pretty, offerForms);
    if (remembered.size > 500) remembered.clear();
    remembered.set(memo, found);
  }
  return found;
}

function choose(accept: string, pretty: boolean, offerForms: boolean): Encoding {
  if (!accept.trim()) return encoding(jsonMedia, 'object', '', pretty);
  for (const clause of byQuality(accept)) {
    const media = matching(clause.name);
    if (!media) continue;
    const as = clause.params.get('as');
    if (!as) return encoding(media, 'object', '', pretty);
    const version = clause.params.get('v') ?? 'v1';
    const ours =
      forms.has(as) && (clause.params.get('g') ?? '') === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1');
    if (offerForms && ours) return encoding(media, as as Form, `meta.k8s.io/${version}`, pretty);
  }
  throw notAcceptable(
    `only the following media types are accepted: ${writingMediaTypes.map((m) => m.name).join(', ')}`,
  );
}

interface Clause {
  name: string;
  params: Map<string, string>;
  q: number;
}

function byQuality(accept: string): Clause[] {
  const clauses = accept.split(',').map((text): Clause => {
    const [name = '', ...rest] = text.split(';').map((s) => s.trim());
    const params = new Map(rest.map((p) => [p.split('=', 1)[0]!.trim(), p.slice(p.indexOf('=') + 1).trim()] as const));
    return { name: name.toLowerCase(), params, q: Number(params.get('q') ?? 1) };
  });
  return clauses.sort((a, b) => b.q - a.q);
}

function matching(name: string): WritingMedia | undefined {
  if (name === '*/*' || name === 'application/*') return jsonMedia;
  return writingMediaTypes.find((m) => m.name === name);
}

function encoding(media: WritingMedia, form: Form, formVersion: string, pretty: boolean): Encoding {
  return {
    media,
    form,
    formVersion,
    pretty: pretty && media.sendsJson,
    id: `${media.name}|${form}|${formVersion}|${pretty ? 'p' : ''}`,
  };
}
