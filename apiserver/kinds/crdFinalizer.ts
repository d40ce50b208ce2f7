// What keeps a CustomResourceDefinition until all objects of its kind are gone.
// Set by customResourceDefinition.ts when a deletion begins; taken away by ../apiextensions/status/crdController.ts.

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';
