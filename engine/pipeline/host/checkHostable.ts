import { HostError } from "../../cluster/ssh/hostError.ts";
import { type RunConfig, askedModels } from "../../config/index.ts";
import { isEditorAddress } from "../../protocol/editorModels.ts";
import { DataError } from "../../protocol/errors.ts";
import { isHostName } from "../../protocol/hosts.ts";

/** @throws {HostError} for what is no name of a host. */
export function checkHostName(host: string): void {
  if (isHostName(host)) return;
  const remedy = "give a name of ~/.ssh/config, or user@machine";
  throw new HostError("is no name of a host", { host: JSON.stringify(host), fault: "refused", remedy });
}

/** @throws {DataError} when a config's run cannot be made on a host by ssh. */
export function checkHostable(config: RunConfig, file: string): void {
  if (config.runtime.cluster !== undefined) {
    const remedy = "take out one of them: a cluster's runs are started from here, or from its head node";
    throw new DataError("has runtime.cluster, and a host is asked for", { file, remedy });
  }
  const model = askedModels(config).find((one) => isEditorAddress(one.model))?.model;
  if (model === undefined) return;
  const remedy = "name a server's model, or run it on this machine";
  throw new DataError(`asks ${model}, which only a window of this machine can answer`, { file, remedy });
}
