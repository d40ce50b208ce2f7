// Text in one piece, for what is going to be stored.
// To V8 a string made by + or a template is a tree of its parts, and one made by slice or split a window on a longer one. A single such
// string in an object sends JSON.stringify of the whole object down its slow path, which takes twice as long; so the few strings that
// the server itself puts into objects are made flat. Those that come out of JSON.parse are flat anyway.

export const flatText = (text: string): string => Buffer.from(text).toString();
