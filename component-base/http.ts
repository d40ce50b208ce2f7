// What of node:http we use, without what nobody here does: the import of a built-in module reads each of its exports, and among
// those of node:http are WebSocket and its events, for which Node loads all of undici. That is 3 MB and 20 ms in every process.
// Used instead of node:http everywhere; types still come from there.

export const { Agent, createServer, request, get, ServerResponse } = process.getBuiltinModule('node:http');
