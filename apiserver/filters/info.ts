// Works out what the request asks for. Mirrors: apiserver/pkg/endpoints/filters/requestinfo.go.
import { badRequest } from '../../apimachinery/status.ts';
import type { Filter } from '../filters.ts';
import { requestInfo } from '../requestInfo.ts';

export const info: Filter = (_api, req) => {
  try {
    req.info = requestInfo(req.method, req.path, req.query);
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(req.path.slice(0, 200))}`);
  }
  if (badSegment(req.info.name) || badSegment(req.info.namespace))
    throw badRequest(`invalid resource name ${JSON.stringify(req.info.name)}`);
};

/** A name is one segment of a key: nothing that could leave its place. */
const badSegment = (s: string) => s === '.' || s === '..' || s.includes('/') || s.includes('%') || s.includes('\0');
