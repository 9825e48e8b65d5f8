import { NotificationType, RequestType } from "vscode-jsonrpc/node";
import type { RpcNotifications, RpcQuestions, RpcRequests } from "../protocol/rpc.ts";

type Request<M extends keyof RpcRequests> = RequestType<RpcRequests[M]["params"], RpcRequests[M]["result"], unknown>;

/** The requests of the protocol as vscode-jsonrpc wants them, one typed object each. */
export const REQUESTS = {
  handshake: new RequestType("handshake"),
  snapshot: new RequestType("snapshot"),
  offerModels: new RequestType("offerModels"),
  stop: new RequestType("stop"),
} satisfies { readonly [M in keyof RpcRequests]: Request<M> };

/** Requests in the other direction. */
export const QUESTIONS = {
  askModel: new RequestType("askModel"),
} satisfies {
  readonly [M in keyof RpcQuestions]: RequestType<RpcQuestions[M]["params"], RpcQuestions[M]["result"], unknown>;
};

/** The notifications of the protocol. */
export const NOTIFICATIONS = {
  events: new NotificationType("events"),
  behind: new NotificationType("behind"),
} satisfies { readonly [M in keyof RpcNotifications]: NotificationType<RpcNotifications[M]> };
