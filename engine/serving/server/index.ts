export { isLoopback } from "./guard.ts";
export { type ListenSettings, ModelServer } from "./modelServer.ts";
export { ServedModel } from "./servedModel.ts";
