import type { ConfigIssue } from "../../engine/protocol/errors.ts";
import type { ServiceErrorData } from "../../engine/protocol/service.ts";

/** Reason why the service did not answer a request. */
export type ServiceErrorKind =
  /** It cannot be started on this machine as things are: trying again changes nothing. */
  | "unusable"
  /** It died, or did not answer. */
  | "gone"
  /** It refused the request; `data` gives the class of its error. */
  | "refused"
  /** Restricted Mode. */
  | "untrusted"
  /** The workspace is on no disk. */
  | "virtual"
  /** The caller cancelled the request. */
  | "cancelled";

/** A request that the engine service did not answer; the message is user-facing and names the remedy. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly kind: ServiceErrorKind;
  /** Details that come with a refusal. */
  readonly data: ServiceErrorData | undefined;
  constructor(message: string, kind: ServiceErrorKind, options: ErrorOptions & { data?: ServiceErrorData } = {}) {
    super(message, options);
    this.kind = kind;
    this.data = options.data;
  }
}

/** A command line of the engine that failed, by its own words, or could not be started. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  /** Class of the tool's own error: "ConfigError"; empty if the tool reported none. */
  readonly error: string;
  /** Of a ConfigError. */
  readonly issues: readonly ConfigIssue[];
  constructor(message: string, { error = "", issues = [] }: Partial<Pick<ToolError, "error" | "issues">> = {}) {
    super(message);
    this.error = error;
    this.issues = issues;
  }
}
