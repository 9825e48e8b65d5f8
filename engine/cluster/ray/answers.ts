import * as z from "zod";

/** Longest text of a cluster that is kept. */
const MOST_TEXT = 10_000;
const MOST_JOBS = 100_000;
const MOST_ACTORS = 10_000;
const words = z.string().transform((text) => text.slice(0, MOST_TEXT));
/** Machines and resources that are listed at most. */
const [MOST_NODES, MOST_RESOURCES] = [10_000, 1000];

const resources = z
  .record(z.string().max(1000), z.number().min(0))
  .refine((all) => Object.keys(all).length <= MOST_RESOURCES);

/** Answer of `/api/version`. */
export const versionSchema = z.looseObject({ ray_version: z.string().max(100) });

/** States of a job. */
const JOB_STATES = ["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"] as const;

/** Answer of `/api/jobs/<id>`. */
export const jobSchema = z.looseObject({
  submission_id: z.string().max(1000).nullish(),
  status: z.enum(JOB_STATES),
  message: words.nullish(),
  error_type: words.nullish(),
  driver_exit_code: z.int().nullish(),
  driver_node_id: z.string().max(1000).nullish(),
  job_id: z.string().max(1000).nullish(),
});

/** Answer of `GET /api/jobs/`: all jobs that the cluster remembers. */
export const jobsSchema = z
  .array(
    z.looseObject({
      submission_id: z.string().max(1000).nullish(),
      status: z.enum(JOB_STATES),
      /** When it was submitted, in milliseconds since 1970. */
      start_time: z.number().nullish(),
    }),
  )
  .max(MOST_JOBS);

/** Answer of `POST /api/jobs/`. */
export const submittedSchema = z.looseObject({ submission_id: z.string().max(1000) });

/** Answer of `/api/v0/nodes?detail=true`. */
export const nodesSchema = z.looseObject({
  data: z.looseObject({
    result: z.looseObject({
      result: z
        .array(
          z.looseObject({
            node_id: z.string().max(1000),
            node_ip: z.string().max(1000).nullish(),
            node_name: z.string().max(1000).nullish(),
            state: z.string().max(100),
            is_head_node: z.boolean().nullish(),
            resources_total: resources.nullish(),
          }),
        )
        .max(MOST_NODES),
    }),
  }),
});

/** Answer of `/api/cluster_status`: how much of each resource is used, of how much. */
export const statusSchema = z.looseObject({
  data: z.looseObject({
    clusterStatus: z
      .looseObject({
        loadMetricsReport: z
          .looseObject({
            usage: z
              .record(z.string().max(1000), z.tuple([z.number(), z.number()]).rest(z.unknown()))
              .refine((all) => Object.keys(all).length <= MOST_RESOURCES),
          })
          .nullish(),
      })
      .nullish(),
  }),
});

/** Answer of `/api/v0/actors?detail=true`: the processes of jobs that keep a state, as those of OpenRLHF's do. */
export const actorsSchema = z.looseObject({
  data: z.looseObject({
    result: z.looseObject({
      result: z
        .array(
          z.looseObject({
            actor_id: z.string().max(1000),
            class_name: z.string().max(1000).nullish(),
            death_cause: z
              .looseObject({
                actor_died_error_context: z
                  .looseObject({ reason: z.string().max(1000).nullish(), error_message: words.nullish() })
                  .nullish(),
              })
              .nullish(),
          }),
        )
        .max(MOST_ACTORS),
    }),
  }),
});
