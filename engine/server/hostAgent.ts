import { homedir } from "node:os";
import { join } from "node:path";
import { answerHost } from "../pipeline/host/answerHost.ts";
import { visible } from "../common/visible.ts";
import { connect } from "./client.ts";
import { NotRunningError } from "./errors.ts";
import { launch } from "./launch.ts";

/**
 * The main file of this program on a host, where ssh starts it for a run that is made there: answers on its standard input and
 * output. Runs are processes of their own, which it only begins.
 */
const runsRoot = join(homedir(), ".salsa");

// The end of a connection ends this process by the end of its input, after what it is at.
process.on("SIGHUP", () => undefined);
process.stdout.on("error", () => process.stdin.destroy());

try {
  await answerHost(process.stdin, process.stdout, {
    begin: async ({ id, config, configFile }) => {
      await launch({ kind: "run", id, config, configFile, runsRoot });
    },
    resume: async (run) => {
      await launch({ kind: "resume", runsRoot, run });
    },
    stop: async (folder) => {
      try {
        const connection = await connect(folder, { client: "ssh" });
        await connection.stop();
        connection.close();
      } catch (error) {
        if (!(error instanceof NotRunningError)) throw error;
      }
    },
  });
} catch (error) {
  process.stderr.write(`${visible(error instanceof Error ? error.message : String(error))}\n`);
  process.exitCode = 1;
}
