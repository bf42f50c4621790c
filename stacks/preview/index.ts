export type { PlanJson } from './plan-json.js';
export { buildPreview, type Preview } from './preview.js';
export { type CostFile, costOf, policyOf, type SarifLog } from './readings.js';
export { renderPreview } from './render.js';
