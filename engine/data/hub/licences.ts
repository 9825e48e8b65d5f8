import { datasetInfo, modelInfo } from "@huggingface/hub";
import { hubEnvironment } from "./environment.ts";
import type { HubReference, RepositoryKind } from "./reference.ts";
import { fetchFor, type HubConnection } from "./requests.ts";

/** The licence that the page of a model or data set states. */
export interface StatedLicence {
  /** As the hub names licences: "apache-2.0". */
  readonly licence: string;
  readonly revision: string;
}

/** Names to look up, and how. */
export interface LicenceQuestion {
  readonly kind: RepositoryKind;
  readonly name: string;
  readonly revision: string;
}

/**
 * Asks the hub for the licence of a model or data set. Undefined where it states none, is not there, or cannot be asked:
 * what is not known is said so, and holds nobody up.
 */
export async function statedLicence({ kind, name, revision }: LicenceQuestion): Promise<StatedLicence | undefined> {
  try {
    const environment = await hubEnvironment();
    if (environment.isOffline) return undefined;
    const reference: HubReference = { text: `hf:${name}@${revision}`, kind, name, revision };
    const connection: HubConnection = { environment, reference, firstWaitMs: 100 };
    const asked = { name, revision, hubUrl: environment.endpoint, fetch: fetchFor(connection) };
    const { cardData } =
      kind === "model"
        ? await modelInfo({ ...asked, additionalFields: ["cardData"] })
        : await datasetInfo({ ...asked, additionalFields: ["cardData"] });
    const licence: unknown = (cardData as { readonly license?: unknown } | undefined)?.license;
    const [first] = [licence].flat();
    return typeof first === "string" && isLicence(first) ? { licence: first, revision } : undefined;
  } catch {
    return undefined;
  }
}

/** True for an identifier of a licence, as the hub lists them. */
export function isLicence(text: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,63}$/.test(text);
}
