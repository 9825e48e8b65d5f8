import type { ConfigIssue } from "../../engine/protocol/errors.ts";
import type { ServiceErrorData } from "../../engine/protocol/service.ts";

/** Why the service did not do what it was asked. */
export type ServiceErrorKind =
  /** It cannot be started on this machine as things are: trying again changes nothing. */
  | "unusable"
  /** It died, or did not answer. */
  | "gone"
  /** It said no; `data` tells the class of its error. */
  | "refused"
  /** Restricted Mode. */
  | "untrusted"
  /** The workspace is on no disk. */
  | "virtual"
  /** Whoever asked thought better of it. */
  | "cancelled";

/** A request that the engine service did not answer; the message is for people, with the remedy. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly kind: ServiceErrorKind;
  /** Of a refusal: what the service told besides. */
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
  /** Class of the tool's own error: "ConfigError"; empty when it did not come to that. */
  readonly error: string;
  /** Of a ConfigError. */
  readonly issues: readonly ConfigIssue[];
  constructor(message: string, { error = "", issues = [] }: Partial<Pick<ToolError, "error" | "issues">> = {}) {
    super(message);
    this.error = error;
    this.issues = issues;
  }
}
