/**
 * `npm run fuzz`: has every reader of a file or message read damaged and hostile inputs.
 *
 *   npm run fuzz -- --seed 7 --count 100000 --only events,config
 *   npm run fuzz -- --only safetensors --seed 7 --from 81234 --count 1     one input again
 *   npm run fuzz -- --seconds 60 --count 1000000000                       a minute each
 *
 * The same seed and number give the same input. It fails where a reader throws an error that is not ours, takes over a
 * second, keeps memory, changes a prototype, or takes what it must refuse.
 */
import { parseArgs } from "node:util";
import { READERS } from "./readers/index.ts";
import { fuzz } from "./run.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    count: { type: "string", default: "100000" },
    seconds: { type: "string", default: "0" },
    only: { type: "string", default: "" },
  },
});
const only = values.only.split(",").filter((name) => name !== "");
const unknown = only.filter((name) => READERS.every((reader) => reader.name !== name));
if (unknown.length > 0) {
  throw new RangeError(
    `fuzz: no reader ${unknown.join(", ")}; there are ${READERS.map(({ name }) => name).join(", ")}`,
  );
}
const settings = {
  seed: Number(values.seed),
  from: Number(values.from),
  count: Number(values.count),
  seconds: Number(values.seconds),
};
let nFailures = 0;
for (const reader of READERS) {
  if (only.length > 0 && !only.includes(reader.name)) continue;
  const { done, taken, seconds, slowestMs, growth, failures } = await fuzz(reader, settings);
  const share = done === 0 ? 0 : Math.round((100 * taken) / done);
  const line = [
    reader.name.padEnd(14),
    `${done.toLocaleString("en-US")} inputs`.padStart(18),
    `${seconds.toFixed(1)} s`.padStart(9),
    `${share} % taken`.padStart(12),
    `slowest ${slowestMs.toFixed(0)} ms`.padStart(16),
    `heap ${(growth / (1 << 20)).toFixed(1)} MiB`.padStart(16),
    `${failures.length} failures`.padStart(12),
  ];
  process.stdout.write(`${line.join("")}\n`);
  for (const { index, what, input } of failures) {
    process.stdout.write(`\n${reader.name} --seed ${settings.seed} --from ${index}: ${what}\n${input}\n\n`);
  }
  nFailures += failures.length;
}
process.exitCode = nFailures === 0 ? 0 : 1;
