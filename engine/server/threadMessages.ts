import type { RunEvent } from "../protocol/events.ts";
import type { RunServerSettings } from "./runServer.ts";

/** Settings of the server's thread. */
export type ServerStart = Pick<RunServerSettings, "address" | "version">;

/** From the main thread to the server's. */
export type ToThread =
  | { readonly kind: "open"; readonly run: string; readonly folder: string }
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "close" };

/** From the server's thread to the main one. */
export type FromThread =
  { readonly kind: "listening" } | { readonly kind: "stop"; readonly client: string } | { readonly kind: "closed" };
