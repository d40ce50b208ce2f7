// Kinds whose contents no error may show: it ends in logs and terminals, and may answer one who can write but not read.
// Upstream's errors about a body or a patch quote from it whatever the kind; here those about these kinds say so instead.
// Used by readObject.ts and ../handlers/patchChange.ts.

const kinds = new Set(['Secret', 'TokenReview', 'TokenRequest']);

/** What stands in place of contents, as upstream has it in errors of single fields. */
export const redacted = '<secret contents redacted>';

export const isConfidential = ({ kind }: { kind: string }): boolean => kinds.has(kind);
