export { isLoopback } from "./guard.ts";
export { type ListenSettings, ListenError, ModelServer } from "./modelServer.ts";
export { ServedModel } from "./servedModel.ts";
