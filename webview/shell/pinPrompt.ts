import type { DashboardModel } from "../model.ts";
import { titleOfRun } from "./runList.ts";

/** A prompt as it stands in a run. */
interface FoundPrompt {
  readonly folder: string;
  readonly prompt: string;
  /** Where it was met, for the file, which speakers of different languages share: "step 40". */
  readonly place: string;
}

/** Makes a test prompt of it, which every later run answers. */
export function pinPrompt(model: DashboardModel, { folder, prompt, place }: FoundPrompt): void {
  const from = `${titleOfRun(model, folder)}, ${place}`;
  // The editor itself says what came of it.
  model.host.request("pinPrompt", { folder, prompt, from }).catch(() => undefined);
}
