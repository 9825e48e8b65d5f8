/** Facts of an {@link ApiError}. */
export interface ApiErrorFacts {
  /** The field of the request that it is about. */
  readonly param?: string | undefined;
  /** A word for programs: `model_not_found`. */
  readonly code?: string;
  /** Seconds after which the request may be made again. */
  readonly retryAfter?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused or has failed, in the shape of OpenAI's API. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly facts: ApiErrorFacts;

  constructor(status: number, message: string, facts: ApiErrorFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.facts = facts;
  }

  /** The answer's body. */
  get body(): object {
    const { param = null, code = null } = this.facts;
    return { error: { message: this.message, type: typeOf(this.status), param, code } };
  }

  /** Headers that go with it. */
  get headers(): Readonly<Record<string, string>> {
    const { retryAfter, headers = {} } = this.facts;
    return { ...headers, ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }) };
  }
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}
