import * as z from "zod";
import type { Complaint } from "./complaint.ts";
import { nonNegative, optionalSetting, section, setting, withSnippets } from "./setting.ts";

/** Most packages and variables: a file of requirements belongs into an image. */
const MOST = 100;
/** Longest text of one, in letters. */
const LONGEST = 2000;

const packages = (): z.ZodArray<z.ZodString> => z.array(z.string().min(1).max(LONGEST)).min(1).max(MOST);

/** Preparations of Ray for jobs: https://docs.ray.io/en/latest/ray-core/handling-dependencies.html */
const runtimeEnvSchema = withSnippets(
  section(
    {
      pip: optionalSetting(packages(), {
        description:
          "Python packages that Ray installs by pip for jobs of other trainers, such as openrlhf[vllm]==0.11.2",
        otherwise: "what the machines have",
      }),
      uv: optionalSetting(packages(), {
        description: "The same by uv, which is faster",
        otherwise: "what the machines have",
      }),
      conda: optionalSetting(z.string().min(1).max(200), {
        description: "Name of a conda environment of the machines, for jobs of other trainers",
        otherwise: "their own Python",
      }),
      envVars: optionalSetting(z.record(z.string().min(1).max(200), z.string().max(LONGEST)), {
        description: "Environment variables of all jobs, such as NCCL_SOCKET_IFNAME; nothing secret",
        otherwise: "those of the machines",
      }),
    },
    "Environment that Ray prepares for jobs. Stages of this engine bring their own program and Node, and take the variables alone",
  ),
  [
    { label: "Packages", description: "OpenRLHF and vLLM, installed by uv", body: { uv: ["openrlhf[vllm]==0.11.2"] } },
    { label: "Variables", description: "Network of NCCL", body: { envVars: { NCCL_SOCKET_IFNAME: "${1:eth0}" } } },
  ],
);

/** Prices of a cluster. */
const priceSchema = withSnippets(
  section(
    {
      cardHour: optionalSetting(nonNegative(), {
        description: "Price of a card for an hour",
        otherwise: "cards cost nothing",
      }),
      coreHour: optionalSetting(nonNegative(), {
        description: "Price of a processor core for an hour",
        otherwise: "cores cost nothing",
      }),
      currency: setting(z.string().regex(/^[\p{L}\p{Sc}]{1,10}$/u), "USD", {
        description: "Currency of prices, as it is shown",
        source: "this project",
      }),
    },
    "Prices of a cluster, for plans and for the cost so far of a run",
  ),
  [{ label: "Price of a card", description: "For an hour", body: { cardHour: "^${1:2.5}" } }],
);

/** Settings of a cluster's jobs beside their resources. */
export const CLUSTER_JOB_SETTINGS = {
  image: optionalSetting(z.string().min(1).max(500), {
    description:
      "Container image for jobs of other trainers, such as docker.io/me/openrlhf:0.11.2. Ray starts it by podman, which must mount the shared folder; stages of this engine need none",
    otherwise: "jobs run on the machines themselves",
  }),
  runtimeEnv: optionalSetting(runtimeEnvSchema, {
    description: "Environment that Ray prepares for jobs: packages, a conda environment, variables",
    otherwise: "nothing",
  }),
  price: optionalSetting(priceSchema, {
    description: "Price of a card or a core for an hour: shown as the cost of a plan, and as the cost so far of a run",
    otherwise: "no cost is shown",
  }),
};

type ClusterJobs = Readonly<z.output<z.ZodObject<typeof CLUSTER_JOB_SETTINGS>>>;

/** No space, quote or option: Ray writes a shell command with it. */
const IMAGE = /^[A-Za-z0-9][\w./:@-]*$/;
const PACKAGE = /^[A-Za-z0-9][^\s'"`$\\;|&]*( ?[@;<>=!~] ?[^'"`$\\|&]*)?$/;
const CONDA = /^[\w.-]+$/;
const VARIABLE = /^[A-Za-z_]\w*$/;
/** Set by this program, or by Ray. */
const OURS = /^(SALSA_|RAY_)/;
const SECRET = /(^|_)(TOKEN|SECRET|PASSWORD|KEY|CREDENTIALS?)(_|$)/i;

/** Everything that can be wrong with the jobs of a cluster. */
export function checkClusterJobs({ image, runtimeEnv = {} }: ClusterJobs): Complaint[] {
  const complaints: Complaint[] = [];
  const add = (path: readonly (string | number)[], message: string, remedy: string): void => {
    complaints.push({ path: ["runtime", "cluster", ...path], message, remedy });
  };
  const { pip, uv, conda, envVars = {} } = runtimeEnv;
  if (image !== undefined && !IMAGE.test(image)) {
    add(["image"], "is no name of an image", "write it like docker.io/owner/name:tag, without options");
  }
  const given = Object.entries({ pip, uv, conda }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const [first = "", second] = given;
  if (image !== undefined && first !== "") {
    add(["runtimeEnv", first], "is given together with image, which Ray takes alone", "put it into the image");
  } else if (second !== undefined) {
    add(["runtimeEnv", second], `is given together with ${first}`, "keep one of pip, uv and conda");
  }
  for (const [name, list] of Object.entries({ pip, uv })) {
    for (const [at, one] of (list ?? []).entries()) {
      const path = ["runtimeEnv", name, at];
      if (/:\/\/[^/]*@/.test(one)) add(path, "has a user or a password in its address", "let the machines have access");
      else if (!PACKAGE.test(one))
        add(path, "is no package", "write it like openrlhf[vllm]==0.11.2; options are not passed on");
    }
  }
  if (conda !== undefined && !CONDA.test(conda)) {
    add(["runtimeEnv", "conda"], "is no name of an environment", "give the name of one that the machines have");
  }
  for (const [name, value] of Object.entries(envVars)) {
    const path = ["runtimeEnv", "envVars", name];
    if (!VARIABLE.test(name)) add(path, "is no name of a variable", "use letters, digits and _");
    else if (OURS.test(name)) add(path, "is set by this program or by Ray", "leave it out");
    else if (SECRET.test(name)) add(path, "looks like a secret, which belongs in no config", "set it on the machines");
    else if (/[\0\r\n']/.test(value))
      add(path, "has a line break or a quote", "leave that out: Ray writes it into a command");
  }
  return complaints;
}

/** Preparations of Ray for a job of another trainer, but for variables: its `runtime_env`. */
export function trainerEnv({ image, runtimeEnv = {} }: ClusterJobs): Readonly<Record<string, unknown>> {
  const { pip, uv, conda } = runtimeEnv;
  return {
    ...(image !== undefined && { image_uri: image }),
    ...(pip && { pip }),
    ...(uv && { uv }),
    ...(conda !== undefined && { conda }),
  };
}
