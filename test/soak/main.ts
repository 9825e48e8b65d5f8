import { parseArgs } from "node:util";
import { assertNothingLeft, soak, usageLine } from "./soak.ts";

const log = (line: string): void => void process.stdout.write(`${line}\n`);

/** `npm run soak -- --minutes 120`: runs come and go for as long, and nothing may be left of them. */
const { values } = parseArgs({ options: { minutes: { type: "string", default: "120" } } });
const report = await soak({ minutes: Number(values.minutes), log });
log(`${report.cycles} cycles, ${report.engines} engines, ${(report.seconds / 60).toFixed(1)} minutes`);
log(`before: ${usageLine(report.before)}`);
log(`after:  ${usageLine(report.after)}`);
assertNothingLeft(report);
