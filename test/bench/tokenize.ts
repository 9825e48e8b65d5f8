import { readFile } from "node:fs/promises";
import { loadTokenizer } from "../../engine/text/index.ts";

/**
 * How fast a checkpoint's tokenizer is on a file of text, in pieces of 4,096 characters on one thread: `tokenize.ts FOLDER
 * FILE`. baselines/tokenize_rust.py measures Hugging Face's library on the same pieces; both print a hash of all ids.
 */
const [folder, file] = process.argv.slice(2);
if (folder === undefined || file === undefined) throw new Error("usage: node test/bench/tokenize.ts FOLDER FILE");

/** UTF-16 units of a piece. */
const PIECE = 4096;

const tokenizer = await loadTokenizer(folder);
const text = await readFile(file, "utf8");
const pieces = Array.from({ length: Math.ceil(text.length / PIECE) }, (_, at) =>
  text.slice(at * PIECE, (at + 1) * PIECE).toWellFormed(),
);
const before = process.cpuUsage();
let [tokens, hash] = [0, 0];
for (const piece of pieces) {
  const ids = tokenizer.encode(piece);
  tokens += ids.length;
  for (const id of ids) hash = (hash * 31 + id) | 0;
}
const { user, system } = process.cpuUsage(before);
const seconds = (user + system) / 1e6;
const rate = Buffer.byteLength(text) / 1e6 / seconds;
process.stdout.write(`${tokens} tokens, hash ${hash >>> 0}, ${seconds.toFixed(1)} s, ${rate.toFixed(2)} MB/s\n`);
