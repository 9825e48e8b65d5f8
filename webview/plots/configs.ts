import type { RunConfig } from "../../engine/config/index.ts";
import type { DashboardModel } from "../model.ts";

/** Configs of the runs in focus, but for those that cannot be read. */
export async function configsOf({ host, focus }: DashboardModel): Promise<readonly RunConfig[]> {
  const read = async (folder: string): Promise<readonly RunConfig[]> =>
    host.request("provenance", { folder }).then(
      ({ config }) => [config],
      () => [],
    );
  return (await Promise.all(focus.runs.map(read))).flat();
}
