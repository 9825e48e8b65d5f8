export { columnsOf } from "../../data/index.ts";
export { type OpenPreview, type PreviewSettings, openConfigData, openFileByConfig, openFileData } from "./open.ts";
export type { DataPreview } from "./preview.ts";
