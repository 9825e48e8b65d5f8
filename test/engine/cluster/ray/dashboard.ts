import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers of a dashboard of Ray, by path. */
export interface Dashboard {
  readonly address: string;
  close(): void;
}

/** Machines by what they have, and how much of it all is used. */
export interface DashboardSettings {
  readonly machines: readonly Readonly<Record<string, number>>[];
  /** Of each resource, of how much. */
  readonly usage: Readonly<Record<string, readonly [used: number, total: number]>>;
}

/** Starts what answers about machines as the dashboard of Ray 2.60 does, on loopback, and takes no job. */
export async function startDashboard({ machines, usage }: DashboardSettings): Promise<Dashboard> {
  const result = machines.map((resources_total, at) => ({
    ...{ node_id: `n${at}`, node_ip: "192.0.2.2", is_head_node: at === 0, state: "ALIVE", resources_total },
  }));
  const answers: Readonly<Record<string, unknown>> = {
    "/api/version": { ray_version: "2.60.0" },
    "/api/v0/nodes": { result: true, data: { result: { result } } },
    "/api/cluster_status": { result: true, data: { clusterStatus: { loadMetricsReport: { usage } } } },
  };
  const server = createServer(({ url = "" }, response) => {
    const answer = answers[url.split("?", 1)[0] ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? null));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => void server.close() };
}
