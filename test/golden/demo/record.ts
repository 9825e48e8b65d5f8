/**
 * Records the path of the shortened demo, which test/e2e/demo.test.ts compares later runs with:
 * `npm exec --no -- node test/golden/demo/record.ts`. A commit that changes it says why.
 */
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { eventSchema } from "../../../engine/protocol/events.ts";
import { watchSalsa } from "../../e2e/salsaProcess.ts";
import { TRAJECTORY, shortenedDemo, trajectoryOf } from "./trajectory.ts";

const folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-trajectory-"));
await fs.writeFile(path.join(folder, "demo.salsa.json"), JSON.stringify(await shortenedDemo()));
const { code, lines, stderr } = await watchSalsa(["run", "demo.salsa.json"], () => undefined, { folder });
if (code !== 0) throw new Error(`the demo ended with ${code ?? "a signal"}: ${stderr}`);
const events = lines.slice(0, -1).map((line) => eventSchema.parse(line));
await fs.writeFile(TRAJECTORY, `${JSON.stringify(trajectoryOf(events), undefined, 1)}\n`);
await fs.rm(folder, { recursive: true });
