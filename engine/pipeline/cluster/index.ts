export { type AheadSettings, checkAhead } from "./checkAhead.ts";
export { type Cluster, pricePerHour } from "./cluster.ts";
export { runJob } from "./job.ts";
export { type JoinedCluster, joinCluster } from "./join.ts";
export { lookAtCluster } from "./lookAtCluster.ts";
export { answerQuestion } from "./workerCheck.ts";
