import assert from "node:assert/strict";
import { Readable } from "node:stream";
import {
  actorsSchema,
  jobSchema,
  jobsSchema,
  nodesSchema,
  statusSchema,
  submittedSchema,
  versionSchema,
} from "../../../engine/cluster/ray/answers.ts";
import { ClusterError } from "../../../engine/cluster/ray/clusterError.ts";
import { RayRequests } from "../../../engine/cluster/ray/requests.ts";
import { FrameReader } from "../../../engine/cluster/ssh/frames.ts";
import { machineOf, misfitOf } from "../../../engine/cluster/ssh/shell.ts";
import { readReply, readRequest } from "../../../engine/pipeline/host/messages.ts";
import { hostsOf, isHostName } from "../../../engine/protocol/hosts.ts";
import { HOST_FILE, readHostRecord } from "../../../engine/storage/formats/hostRecord.ts";
import { type Reader, jsonFiles } from "../reader.ts";

const MOST_BYTES = 2 ** 20;
const UNIT = "artifacts/sft-0123456789abcdef";
const hash = "0123456789abcdef".repeat(4);

const frames = (...parts: readonly (object | string)[]): Buffer =>
  Buffer.from(parts.map((part) => (typeof part === "string" ? part : `${JSON.stringify(part)}\n`)).join(""));

/** Messages of two machines over ssh: every message, and all that follows its header. */
const hostFrames: Reader = {
  name: "hostFrames",
  corpus: [
    frames(
      { do: "lacks", units: [UNIT] },
      { do: "file", unit: UNIT, file: "a/b.json", bytes: 5 },
      "abcde",
      { do: "keep", unit: UNIT, files: { "a/b.json": hash } },
      { do: "run", run: "demo-1", config: { name: "demo" }, configFile: "demo.salsa.json" },
      { do: "follow", run: "demo-1", events: 3, samples: 100, have: [UNIT] },
    ),
    frames(
      { re: "started", machine: { platform: "linux", cpu: "x", memoryBytes: 1, node: "v24" } },
      { re: "events", bytes: 3 },
      "{}\n",
      { re: "runFile", file: "tables/winRates.md", bytes: 2 },
      "ab",
      { re: "ended", status: "finished", words: "" },
    ),
  ],
  errors: ["MessageError"],
  read: async (input) => {
    const half = input.length >> 1;
    const reader = new FrameReader(Readable.from([input.subarray(0, half), input.subarray(half)]));
    for (let frame = await reader.next(); frame !== undefined; frame = await reader.next()) {
      const read = JSON.stringify(frame.header).includes('"do"') ? readRequest : readReply;
      const message = read(frame.header);
      if ("file" in message) assert.ok(!message.file.split("/").includes(".."), "a file that leads out of its folder");
      await FrameReader.text(frame.body, MOST_BYTES);
    }
  },
};

const hostRecord: Reader = {
  name: "hostRecord",
  corpus: jsonFiles({ version: 1, host: "me@box", run: "demo-1-0a1b2c3d", isStarted: true, ownEvents: 4 }),
  errors: ["DataError", "DiskError"],
  read: async (input, place) => {
    place.write(HOST_FILE, input);
    const record = await readHostRecord(place.folder);
    assert.ok(record === undefined || isHostName(record.host));
  },
};

const sshConfig: Reader = {
  name: "sshConfig",
  corpus: [Buffer.from('Host box "other one" *.lan !x\n  User me\nhost=third\nMatch all\n')],
  errors: [],
  read: (input) => {
    for (const host of hostsOf(input.toString())) assert.ok(isHostName(host) && !host.startsWith("-"), host);
  },
};

const hostMachine: Reader = {
  name: "hostMachine",
  corpus: [Buffer.from("Linux\nx86_64\nglibc 2.36\n/dev/vda 263174212 33000000 74000000 31% /\n")],
  errors: [],
  read: (input) => misfitOf(machineOf(input.toString().split("\n")), "x64"),
};

const FORMS = [nodesSchema, jobSchema, jobsSchema, statusSchema, actorsSchema, submittedSchema, versionSchema];

/** Answers of a Ray cluster, each by all the forms that answers have. */
const rayAnswers: Reader = {
  name: "rayAnswers",
  corpus: jsonFiles(
    { data: { result: { result: [{ node_id: "a", node_ip: "::1", state: "ALIVE", resources_total: { CPU: 8 } }] } } },
    { submission_id: "a", status: "FAILED", message: "b", driver_exit_code: -9, driver_node_id: "c", job_id: "d" },
    [{ submission_id: "a", status: "PENDING", start_time: 1 }],
    { data: { clusterStatus: { loadMetricsReport: { usage: { CPU: [1, 8], GPU: [0, 0, "more"] } } } } },
    { data: { result: { result: [{ actor_id: "a", death_cause: { actor_died_error_context: { reason: "b" } } }] } } },
    { submission_id: "a" },
    { ray_version: "2.60.0" },
  ),
  errors: ["ClusterError"],
  read: (input) => {
    const requests = new RayRequests({ address: "http://head:8265", env: {} });
    const answer = { status: 200, type: "application/json", text: input.toString("utf8") };
    const refusals = FORMS.flatMap((form) => {
      try {
        requests.read<unknown>(answer, form);
        return [];
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        return [error];
      }
    });
    const [first] = refusals;
    if (first !== undefined && refusals.length === FORMS.length) throw first;
  },
};

export const HOSTS: readonly Reader[] = [hostFrames, hostRecord, sshConfig, hostMachine, rayAnswers];
