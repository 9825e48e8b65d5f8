import { visibleLine } from "../../common/visible.ts";
import { askedWait } from "./estimates.ts";
import type { ServerComplaint } from "./reply.ts";
import type { Secret } from "./secret.ts";
import { ServerError, type ServerErrorFacts } from "./serverError.ts";
import type { Answer } from "./transport.ts";

/** Characters of a server's complaint that an error quotes. */
const MOST_QUOTED = 300;
/** Characters that an error shows of an answer that is none of the API's, and those that they are taken from: keys have thousands at most. */
const [MOST_SHOWN, MOST_LOOKED_AT] = [200, 20_000];

/** Makes the errors of one server; what they quote of its answers is free of the key. */
export class Faults {
  private readonly server: string;
  private readonly secret: Secret | undefined;
  private readonly hasKey: boolean;

  constructor(server: string, secret: Secret | undefined) {
    this.server = server;
    this.secret = secret;
    this.hasKey = secret !== undefined;
  }

  /** An answer that is none of the API's, and its beginning, where that tells something. */
  garbled(what: string, came?: string): ServerError {
    const remedy = "is it a server of the OpenAI API?";
    return new ServerError(`sends ${what}${this.shown(came)}`, { fault: "garbled", server: this.server, remedy });
  }

  /** A web page where a server has never replied. */
  page(came: string): ServerError {
    const remedy = "is baseUrl right? It often ends in /v1";
    const facts = { fault: "address", server: this.server, remedy } as const;
    return new ServerError(`answers with a web page${this.shown(came)}`, facts);
  }

  /** A complaint in an answer that began well, such as a worker that died. */
  inAnswer(complaint: ServerComplaint): ServerError {
    const facts = { fault: "busy", server: this.server, remedy: "see its log" } as const;
    return new ServerError(`gives up in the middle of an answer${this.quoted(complaint)}`, facts);
  }

  refused(status: number, complaint: ServerComplaint | undefined, answer?: Answer, model?: string): ServerError {
    const retryAfter = answer === undefined ? undefined : askedWait(answer.headers, Date.now());
    const facts = { server: this.server, status, retryAfter };
    // Servers quote a wrong key in part: nothing of such an answer is shown.
    if (status === 401 || status === 403) {
      const remedy = !this.hasKey
        ? "it wants a key: put one into an environment variable and name it in keyVariable"
        : "is the key in its environment variable right, and may it use this model?";
      return new ServerError(`refuses the key (${status})`, { ...facts, fault: "key", remedy });
    }
    const said = this.quoted(complaint);
    if (status === 402 || /insufficient_quota|billing|credit/i.test(complaint?.code ?? "")) {
      return new ServerError(`has nothing left to pay with (${status})${said}`, {
        ...facts,
        fault: "credit",
        remedy: "see the account",
      });
    }
    if (status === 404 || status === 405) {
      const what = model === undefined ? "there is no such address" : `there is no model ${JSON.stringify(model)}`;
      return new ServerError(`${what} (${status})${said}`, {
        ...facts,
        fault: "missing",
        remedy: "check model and baseUrl",
      });
    }
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      const what = status === 429 ? "has had too many requests" : "has no time";
      return new ServerError(`${what} (${status})${said}`, {
        ...facts,
        fault: "busy",
        remedy: "lower concurrency, or wait",
      });
    }
    const remedy = "check the model's longest context, and maxTokens";
    return new ServerError(`refuses the request (${status})${said}`, {
      ...facts,
      fault: "request",
      remedy,
      isLocal: true,
    });
  }

  final(
    error: ServerError,
    { attempts, isLocal }: { readonly attempts: number; readonly isLocal: boolean },
  ): ServerError {
    const { fault, what, status } = error;
    if (!error.isPassing) return error;
    const facts: ServerErrorFacts = {
      fault,
      server: this.server,
      status,
      isLocal,
      remedy: "what was answered is kept: go on when it is well",
    };
    return new ServerError(attempts === 1 ? what : `${what}, ${attempts} times`, facts);
  }

  private shown(came: string | undefined): string {
    if (came === undefined) return "";
    const begins = came.slice(0, MOST_LOOKED_AT);
    const text = visibleLine((this.secret?.hide(begins) ?? begins).replaceAll(/\s+/g, " ").trim());
    if (text === "") return ": nothing";
    return `: ${text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text}`;
  }

  private quoted(complaint: ServerComplaint | undefined): string {
    const text = (this.secret?.hide(complaint?.message ?? "") ?? complaint?.message ?? "").trim();
    if (text === "") return "";
    return `: ${text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text}`;
  }
}
