import { ResponseError } from "vscode-jsonrpc/node";
import { ConfigError } from "../../protocol/errors.ts";
import { SERVICE_ERRORS, SERVICE_PROTOCOL, type ServiceErrorData } from "../../protocol/service.ts";

/** An error as the client receives it: a message for people, and its kind. */
export function asResponseError(error: unknown): ResponseError<ServiceErrorData> {
  if (error instanceof ResponseError) return error as ResponseError<ServiceErrorData>;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const issues = error instanceof ConfigError ? { issues: error.issues } : {};
  return new ResponseError(SERVICE_ERRORS.failed, message, { name, ...issues });
}

/** A client of another version. @param theirs - Undefined when it names none. */
export function versionMismatch(version: string, client: string, theirs: unknown): ResponseError<ServiceErrorData> {
  const says = typeof theirs === "number" ? `speaks ${theirs}` : "names no version";
  const message = `engine service ${version} speaks protocol ${SERVICE_PROTOCOL}, ${client} ${says}; install one version of both`;
  return new ResponseError(SERVICE_ERRORS.versionMismatch, message, { name: "VersionMismatchError" });
}

/** A request that changes or starts something, in a workspace that the user does not trust. */
export function untrusted(method: string): ResponseError<ServiceErrorData> {
  const message = `${method} changes or starts something, and the workspace is not trusted; trust it first`;
  return new ResponseError(SERVICE_ERRORS.untrusted, message, { name: "UntrustedError" });
}

/** A client that has not said which version it is. */
export function notInitialized(): ResponseError<ServiceErrorData> {
  const message = "the first request must be initialize, with the protocol's version";
  return new ResponseError(SERVICE_ERRORS.notInitialized, message, { name: "NotInitializedError" });
}
