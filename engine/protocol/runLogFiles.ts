/** The standard error of a run's engine, in the run's folder. */
export const ENGINE_LOG = "engine.log";

/** Folder of what the jobs of a run on a Ray cluster have printed, in the run's folder. */
export const JOB_LOGS = "logs";
