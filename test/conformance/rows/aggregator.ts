import type { Row } from '../row.ts';
export const aggregatorRows: Row[] = [];
