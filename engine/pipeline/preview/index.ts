export { type OpenPreview, openConfigData, openFileData } from "./open.ts";
export type { DataPreview } from "./preview.ts";
