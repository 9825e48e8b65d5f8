import assert from "node:assert/strict";
import { COMMON_OPTIONS } from "../../../engine/cli/arguments.ts";
import { COMMANDS } from "../../../engine/cli/commands/index.ts";
import { salsa } from "./screen.ts";

describe("every command", () => {
  it("has a name of its own", () => {
    const names = COMMANDS.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  for (const command of COMMANDS) {
    it(`${command.name} explains itself with usage, options, examples and exit codes`, async () => {
      const { code, stdout, stderr } = await salsa([command.name, "--help"]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, new RegExp(`Usage:\n {2}salsa ${command.name} `));
      for (const option of [...Object.keys(command.options), ...Object.keys(COMMON_OPTIONS)]) {
        assert.ok(stdout.includes(`--${option}`), option);
      }
      for (const [line] of command.examples) assert.ok(stdout.includes(line), line);
      assert.doesNotMatch(stdout, /^ *(-.*  )?(What|Whether|Who) .*[^?]$/m, "a line opens with a noun or a verb");
      assert.match(stdout, /Exit codes:/);
      assert.match(stdout, /json/);
    });

    it(`${command.name} has the same help by salsa help ${command.name}`, async () => {
      const [one, other] = [await salsa(["help", command.name]), await salsa([command.name, "-h"])];
      assert.equal(one.stdout, other.stdout);
    });

    it(`${command.name} has lines that fit a screen of 130 columns`, async () => {
      const { stdout } = await salsa([command.name, "--help"]);
      for (const line of stdout.split("\n")) assert.ok(line.length <= 130, line);
    });

    it(`${command.name} shows at least one example that begins with its name`, () => {
      assert.ok(command.examples.length > 0);
      for (const [line] of command.examples) assert.ok(line.startsWith(`salsa ${command.name}`), line);
    });

    it(`${command.name} refuses an unknown option with exit code 2`, async () => {
      const { code, stdout, stderr } = await salsa([command.name, "--nonsense"]);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.equal(stderr, "error: --nonsense is not an option; see --help\n");
    });

    it(`${command.name} names the option that a slip meant`, async () => {
      const { code, stderr } = await salsa([command.name, "--jsn"]);
      assert.equal(code, 2);
      assert.match(stderr, /did you mean --json\?/);
    });

    it(`${command.name} reports a mistake as JSON when asked to`, async () => {
      const { code, stdout, stderr } = await salsa([command.name, "--json", "--nonsense"]);
      assert.deepEqual([code, stderr], [2, ""]);
      assert.deepEqual(JSON.parse(stdout), {
        kind: "error",
        error: "UsageError",
        message: "--nonsense is not an option; see --help",
      });
    });

    const required = command.positionals.filter(({ number }) => number !== "optional" && number !== "any");
    for (const { name } of required) {
      it(`${command.name} asks for ${name}`, async () => {
        const { code, stderr } = await salsa([command.name]);
        assert.equal(code, 2);
        assert.match(stderr, new RegExp(`${name} is missing`));
      });
    }

    if (!["several", "any"].includes(command.positionals.at(-1)?.number ?? "one")) {
      it(`${command.name} refuses an argument too many`, async () => {
        const words = command.positionals.map(({ name }) => name);
        const { code, stderr } = await salsa([command.name, ...words, "surplus"]);
        assert.equal(code, 2);
        assert.match(stderr, /"surplus" is one argument too many/);
      });
    }
  }
});

describe("salsa", () => {
  it("lists every command, and the exit codes", async () => {
    const { code, stdout } = await salsa(["--help"]);
    assert.equal(code, 0);
    for (const { name, summary } of COMMANDS) assert.match(stdout, new RegExp(`${name} +${summary.slice(0, 20)}`));
    assert.match(stdout, /130 {2}stopped by Ctrl-C/);
  });

  it("shows its help with exit code 2 when no command is named", async () => {
    const { code, stdout } = await salsa([]);
    assert.equal(code, 2);
    assert.match(stdout, /Runs:/);
  });

  it("names the command that a slip meant", async () => {
    const { code, stderr } = await salsa(["pln"]);
    assert.deepEqual([code, stderr], [2, 'error: "pln" is not a command; did you mean plan?\n']);
  });

  it("vouches for nothing where there are no results", async () => {
    const { code, stdout, stderr } = await salsa(["verify", "--all", "--directory", "/nowhere/.salsa"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /there is nothing to verify in \/nowhere\/\.salsa; give --directory/);
  });

  it("prints its version", async () => {
    assert.deepEqual(await salsa(["--version"]), { code: 0, stdout: "1.2.3\n", stderr: "" });
  });
});
