import assert from "node:assert/strict";
import { gitState } from "../../../../engine/pipeline/git/index.ts";
import { withoutTokens } from "../../../../engine/pipeline/git/secrets.ts";
import { withScene } from "./hostileRepository.ts";

/** Put together here, so that nobody's scanner takes them for real. */
const TOKENS = [
  `ghp_${"a1B2".repeat(9)}`,
  `github_pat_${"a1B2_".repeat(6)}`,
  `glpat-${"a1B2-".repeat(4)}`,
  `hf_${"aBcD".repeat(9)}`,
  `npm_${"a1B2".repeat(9)}`,
  `pypi-${"AgEI".repeat(20)}`,
  `xoxb-${"12345-".repeat(3)}abcdef`,
  `sk_live_${"a1B2".repeat(5)}`,
  `sk-ant-api03-${"a1B2_-".repeat(5)}`,
  `AIza${"a1B2c".repeat(7)}`,
  `AKIA${"A1B2".repeat(4)}`,
  `ya29.${"a0AfH-".repeat(6)}`,
  `GOCSPX-${"a1B2".repeat(7)}`,
  `api_org_${"aBcD".repeat(9)}`,
  `glrt-${"a1B2-".repeat(4)}`,
  `dckr_pat_${"a1B2-".repeat(5)}`,
  `dapi${"0123456789abcdef".repeat(2)}`,
  `dop_v1_${"a1b2".repeat(16)}`,
  `hvs.${"CAES-".repeat(12)}`,
  `SG.${"a1B2".repeat(5)}ab.${"a1B2".repeat(10)}`,
  `shpat_${"a1B2".repeat(8)}`,
  `lin_api_${"a1B2".repeat(10)}`,
  `pul-${"a1b2".repeat(10)}`,
  `r8_${"a1B2".repeat(9)}`,
  `gsk_${"a1B2".repeat(13)}`,
  `xai-${"a1B2".repeat(20)}`,
  `AGE-SECRET-KEY-1${"Q2PZ".repeat(14)}`,
  `123456789:AA${"a1_".repeat(11)}`,
  `eyJ${"hbGci".repeat(4)}.eyJ${"zdWIi".repeat(4)}.${"a1-_B".repeat(5)}`,
];

describe("secrets in a repository", () => {
  const FILES = [
    ".env",
    "app/.env.local",
    "deploy/prod.PEM",
    "id_rsa",
    "server.key",
    ".npmrc",
    "credentials",
    ".aws/config",
  ];

  it("stay out of what is recorded of a run, where files are known to hold them", async () => {
    await withScene(async ({ top, git, write }) => {
      for (const file of FILES) await write(file, "before\n");
      git("add", "-f", ".");
      git("commit", "-q", "-m", "d");
      for (const file of FILES) await write(file, `${file.length}: my secret\n`);
      const { dirty, diff = "" } = (await gitState(top)) ?? {};
      assert.equal(dirty, true);
      assert.doesNotMatch(diff, /my secret|before/);
      for (const file of FILES) assert.ok(diff.includes(`diff --git ${file}\nleft out: looks like secrets\n`), file);
      assert.ok(!diff.includes("a.txt"), "it is committed by now");
      await write("a.txt", "three\n");
      assert.match((await gitState(top))?.diff ?? "", /^\+three$/m);
    });
  });

  it("stay out where a token is in any other file", async () => {
    await withScene(async ({ top, write }) => {
      await write("a.txt", TOKENS.map((token) => `key = "${token}" # end\n`).join(""));
      const { diff = "" } = (await gitState(top)) ?? {};
      for (const token of TOKENS) assert.ok(!diff.includes(token), token);
      assert.equal(diff.match(/^\+key = "\[left out: looks like a secret\]" # end$/gm)?.length, TOKENS.length);
    });
  });

  it("are recognized as private keys, passwords in addresses and Amazon's keys", () => {
    const key = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEow", "-----END RSA PRIVATE KEY-----"].map(
      (line) => `+${line}`,
    );
    const lines = [...key, "+https://me:hunter22@host/x", `+aws_secret_access_key = ${"a1B2+".repeat(8)}`, "+plain"];
    const mark = "[left out: looks like a secret]";
    assert.deepEqual(withoutTokens(lines.join("\n")).split("\n"), [
      ...key.map(() => `+${mark}`),
      `+https://me:${mark}@host/x`,
      `+aws_secret_access_key = ${mark}`,
      "+plain",
    ]);
    const torn = withoutTokens(["+-----BEGIN PRIVATE KEY-----", "+MIIE", "diff --git a/b b/b", "+plain"].join("\n"));
    assert.match(torn, /\ndiff --git a\/b b\/b\n\+plain$/);
  });

  it("are recognized by the words before them: of web hooks, storage accounts and headers", () => {
    const mark = "[left out: looks like a secret]";
    const secret = "a1B2".repeat(12);
    for (const before of ["https://hooks.slack.com/services/", "AccountKey=", "Authorization: Bearer "]) {
      assert.equal(withoutTokens(`+${before}${secret}`), `+${before}${mark}`);
    }
  });

  it("are left out where a diff shows no more of a private key than its end", () => {
    const line = "a1B2".repeat(16);
    const diff = [
      "@@ -8,5 +8,5 @@ key:",
      ` ${line}`,
      `-  "${line}\\n"`,
      `+${line}`,
      " -----END PRIVATE KEY-----",
      "+plain",
    ];
    const shown = withoutTokens(diff.join("\n"));
    assert.ok(!shown.includes(line), shown);
    assert.ok(shown.startsWith("@@ -8,5 +8,5 @@ key:\n") && shown.endsWith("\n+plain"), shown);
  });

  it("leave ordinary text as it is", () => {
    const text =
      "+const token = tokenizer.encode(text); // sk-1, hf_, https://host:80/a@b, eyJ.eyJ.eyJ\n+risk-averse-strategies";
    assert.equal(withoutTokens(text), text);
  });

  it("are looked for in a time that grows with the length alone", () => {
    const starts = [
      "eyJ-",
      "ghp_",
      "sk-",
      "://",
      "://a:",
      "aws_secret_access_key ",
      "hf_",
      "eyJaaaaaaaa.",
      "pypi-",
      "-----BEGIN ",
      `${"a".repeat(64)}\n-----END PRIVATE KEY-----\n`,
      "SG.aaaaaaaaaaaaaaaaaaaa.",
      "Bearer ",
      "hooks.slack.com/a/",
      "12345678:AA",
    ];
    for (const start of starts) {
      const began = performance.now();
      withoutTokens(start.repeat(1_000_000 / start.length));
      assert.ok(performance.now() - began < 10_000, start);
    }
  });
});
