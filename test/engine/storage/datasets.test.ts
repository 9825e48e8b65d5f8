import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import { DataError } from "../../../engine/protocol/errors.ts";
import { readJsonl, readPreferences, readPrompts, readSft } from "../../../engine/storage/datasets.ts";
import { collect, inTemporaryFolder } from "./temporaryFolder.ts";

async function read<T>(reader: (file: string) => AsyncIterable<T>, content: string | Uint8Array): Promise<T[]> {
  return inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "data.jsonl");
    await fs.writeFile(file, content);
    return collect(reader(file));
  });
}

type Reader = (file: string) => AsyncIterable<unknown>;

const BAD: readonly (readonly [
  title: string,
  reader: Reader,
  content: string,
  line: number | undefined,
  message: RegExp,
])[] = [
  ["is empty", readPrompts, "", undefined, /no records; put one JSON object on each line/],
  ["holds blank lines only", readPrompts, "\n \r\n\n", undefined, /no records/],
  ["has a line that is not JSON", readPrompts, '{"prompt":"a"}\n\n{prompt}\n', 3, /not JSON: \{prompt\}; put/],
  ["is one JSON array", readPrompts, '[{"prompt":"a"}]', 1, /a list where an object is needed/],
  ["spreads an object over lines", readPrompts, '{\n"prompt":"a"}', 1, /not JSON/],
  ["has a number on a line", readPrompts, "3", 1, /the number 3 where an object/],
  ["lacks a field", readSft, '{"prompt":"a","answer":"b"}', 1, /no field response; .* the line has: prompt, answer/],
  [
    "has a field of the wrong type",
    readSft,
    '{"prompt":"a","response":["b"]}',
    1,
    /field response is a list; make it a string/,
  ],
  ["has null for a text", readPrompts, '{"prompt":null}', 1, /field prompt is null/],
  ["lacks the rejected response", readPreferences, '{"prompt":"a","chosen":"b"}', 1, /no field rejected/],
  [
    "has a margin in words",
    readPreferences,
    '{"prompt":"","chosen":"","rejected":"","margin":"big"}',
    1,
    /margin is the string "big"/,
  ],
  ["has messages that are no list", readSft, '{"messages":"hi"}', 1, /field messages is the string "hi"/],
  [
    "has an unknown role",
    readSft,
    '{"messages":[{"role":"bot","content":""}]}',
    1,
    /messages\[0\]\.role is the string "bot"/,
  ],
  ["has a turn without content", readSft, '{"messages":[{"role":"user"}]}', 1, /no field messages\[0\]\.content/],
  [
    "has a tool's turn",
    readSft,
    '{"messages":[{"role":"tool","content":"4"}]}',
    1,
    /messages\[0\]\.role is "tool": conversations with tools are not rendered; leave such/,
  ],
  [
    "calls a tool",
    readSft,
    '{"messages":[{"role":"assistant","content":"","tool_calls":[{"id":"1"}]}]}',
    1,
    /messages\[0\]\.tool_calls is there: conversations with tools/,
  ],
  [
    "has a picture in a turn",
    readSft,
    '{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image"}]}]}',
    1,
    /messages\[0\]\.content is a list; make it a string, or a list of parts of text/,
  ],
  ["has a turn that is not an object", readSft, '{"messages":[null]}', 1, /messages\[0\] is null/],
  [
    "ends with the user's turn",
    readSft,
    '{"messages":[{"role":"user","content":"x"}]}',
    1,
    /does not end with an assistant/,
  ],
];

describe("a data file", () => {
  for (const [title, reader, content, line, message] of BAD) {
    it(`is refused with file and line when it ${title}`, async () => {
      await assert.rejects(read(reader, content), (error: unknown) => {
        assert.ok(error instanceof DataError, String(error));
        assert.equal(error.line, line);
        assert.match(error.message, message);
        assert.match(error.message, /data\.jsonl.*; .+/s);
        return true;
      });
    });
  }

  it("is refused when it is missing or not UTF-8", async () => {
    // A command's files are read by the same way as a config's.
    const message = /no such file; check the path; one in a config counts from the config's folder$/;
    await assert.rejects(collect(readPrompts("/none.jsonl")), { name: "DataError", message });
    const latin = Buffer.concat([Buffer.from('{"prompt":"a"}\n{"prompt":"'), Buffer.of(0xe9), Buffer.from('"}')]);
    await assert.rejects(read(readPrompts, latin), { name: "DataError", line: 2, message: /not UTF-8/ });
  });

  it("may start with a byte order mark and end lines as on Windows", async () => {
    const prompts = await read(readPrompts, '\ufeff{"prompt":"a\\r"}\r\n\r\n{"prompt":"b"}');
    assert.deepEqual(prompts, [{ prompt: "a\r" }, { prompt: "b" }]);
  });

  it("may have lines longer than what is read at once", async () => {
    const long = "é".repeat(200_000); // 400 kB: six chunks of 64 KiB, cut inside of characters
    assert.deepEqual(await read(readPrompts, `{"prompt":"${long}"}\n{"prompt":"b"}\n`), [
      { prompt: long },
      { prompt: "b" },
    ]);
  });

  it("is refused when a line is longer than any record", async () => {
    await assert.rejects(
      read(readPrompts, Buffer.alloc(64 * 1024 * 1024 + 70_000, "x")),
      /line of more than 67108864 bytes/,
    );
  });

  it("gives every record with its line, whatever JSON it holds", async () => {
    const records = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 8 });
    const property = fc.asyncProperty(records, fc.constantFrom("\n", "\r\n"), async (expected, end) => {
      const found = await read(readJsonl, expected.map((fields) => JSON.stringify(fields)).join(end));
      assert.deepEqual(
        found.map(({ line }) => line),
        expected.map((_, index) => index + 1),
      );
      assert.equal(JSON.stringify(found.map(({ fields }) => fields)), JSON.stringify(expected));
    });
    await fc.assert(property, { numRuns: 50 });
  });
});

describe("typed readers", () => {
  it("read examples as prompt and response or as messages", async () => {
    const messages = [
      { role: "user", content: "hi" },
      { role: "assistant", content: "hello" },
    ];
    const lines = [{ prompt: "a", response: "b", id: 7 }, { messages }];
    const examples = await read(readSft, lines.map((line) => JSON.stringify(line)).join("\n"));
    assert.deepEqual(examples, [{ prompt: "a", response: "b" }, { messages }]);
  });

  it("read parts of text as one text, and turns of developers", async () => {
    const line = {
      messages: [
        { role: "developer", content: "be brief", tool_calls: null },
        { role: "user", content: [{ type: "text", text: "h" }, { text: "i" }], tool_calls: [] },
        { role: "assistant", content: [] },
      ],
    };
    assert.deepEqual(await read(readSft, JSON.stringify(line)), [
      {
        messages: [
          { role: "developer", content: "be brief" },
          { role: "user", content: "hi" },
          { role: "assistant", content: "" },
        ],
      },
    ]);
  });

  it("read preferences with and without a margin", async () => {
    const pair = { prompt: "p", chosen: "c", rejected: "r" };
    const lines = [pair, { ...pair, margin: 0.5 }, { ...pair, margin: null }];
    const pairs = await read(readPreferences, lines.map((line) => JSON.stringify(line)).join("\n"));
    assert.deepEqual(pairs, [pair, { ...pair, margin: 0.5 }, pair]);
  });
});
