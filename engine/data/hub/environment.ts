import { homedir } from "node:os";
import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import { readInput } from "../../storage/inputs.ts";

/** Where the hub is and what is known of this user, from the variables that Hugging Face's own library reads. */
export interface HubEnvironment {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** The folder of downloads. */
  readonly cache: string;
  readonly isOffline: boolean;
  /** Never written anywhere, and sent to the endpoint alone. */
  readonly token: string | undefined;
}

/** Largest file of a token, in bytes. */
const MOST_TOKEN_BYTES = 4096;

/**
 * Reads the environment. A token is used where it cannot be overheard: over https, or on this machine.
 * @throws {DataError} when HF_ENDPOINT is no address.
 */
export async function hubEnvironment(env: NodeJS.ProcessEnv = process.env): Promise<HubEnvironment> {
  const value = (name: string): string | undefined => {
    const text = env[name]?.trim();
    return text === "" ? undefined : text; // an empty one is unset
  };
  const home = value("HF_HOME") ?? join(value("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  const endpoint = endpointOf(value("HF_ENDPOINT") ?? "https://huggingface.co");
  const given = value("HF_TOKEN") ?? value("HUGGING_FACE_HUB_TOKEN");
  const token = given ?? (await tokenIn(value("HF_TOKEN_PATH") ?? join(home, "token")));
  return {
    endpoint: endpoint.href.replace(/\/+$/, ""),
    cache: value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE") ?? join(home, "hub"),
    isOffline: /^(1|true|yes|on)$/i.test(value("HF_HUB_OFFLINE") ?? ""),
    token: token !== undefined && isPrivate(endpoint) && /^[\x21-\x7e]+$/.test(token) ? token : undefined,
  };
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  throw new DataError("is not the address of a hub", {
    file: "HF_ENDPOINT",
    remedy: "set it to https://…, or unset it",
  });
}

function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

async function tokenIn(file: string): Promise<string | undefined> {
  const bytes = await readInput(file, MOST_TOKEN_BYTES).catch(() => undefined); // one that may not be read is none
  const text = bytes?.toString("utf8").trim();
  return text === "" ? undefined : text;
}
