import assert from "node:assert/strict";
import {
  childEnvironment,
  isLocalPath,
  isOnOtherMachine,
  localFolders,
} from "../../../engine/common/childEnvironment.ts";

/** As `childEnvironment` returns them. */
const bare = (variables: Readonly<Record<string, string>>): object =>
  Object.assign(Object.create(null) as object, variables);

/** Variables with which a program loads code that its user has not chosen. */
const LOADERS = [
  ...["NODE_OPTIONS", "NODE_PATH", "NODE_V8_COVERAGE", "NODE_COMPILE_CACHE", "NODE_REPL_EXTERNAL_MODULE"],
  ...["LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH", "GCONV_PATH", "OPENSSL_CONF"],
  ...["ELECTRON_RUN_AS_NODE", "VSCODE_INSPECTOR_OPTIONS", "BASH_ENV", "ENV", "PYTHONPATH", "PERL5OPT"],
  ...["GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT", "GIT_DIR", "PAGER", "EDITOR"],
];

describe("childEnvironment", () => {
  it("keeps what a program needs, and nothing that makes it load code", () => {
    const home = { HOME: "/home/me", LANG: "de_DE.UTF-8", LC_ALL: "C", TMPDIR: "/tmp" };
    const needed = { ...home, CUDA_VISIBLE_DEVICES: "0", OPENAI_API_KEY: "k" };
    const loaders = Object.fromEntries(LOADERS.map((name) => [name, "/evil"]));
    assert.deepEqual(childEnvironment({ ...loaders, ...needed, UNKNOWN: "1", TERM: undefined }, "linux"), bare(needed));
  });

  it("keeps of lists and of our own folders what is absolute: an empty entry is the working directory", () => {
    const env = { PATH: ":/usr/bin:.:bin:/bin:", LD_LIBRARY_PATH: ":/usr/local/cuda/lib64", SALSA_TFJS_PATH: "tf" };
    const kept = { PATH: "/usr/bin:/bin", LD_LIBRARY_PATH: "/usr/local/cuda/lib64" };
    assert.deepEqual(childEnvironment(env, "linux"), bare(kept));
    assert.deepEqual(
      childEnvironment({ LD_LIBRARY_PATH: ":", SALSA_RUNTIME_DIR: "/run/me" }, "linux"),
      bare({ SALSA_RUNTIME_DIR: "/run/me" }),
    );
    for (const [value, isKept] of Object.entries({ off: true, "/opt/cuda": true, cuda: false, "./off": false })) {
      const kept = childEnvironment({ SALSA_CUBLAS_PATH: value }, "linux");
      assert.deepEqual(kept, bare(isKept ? { SALSA_CUBLAS_PATH: value } : {}));
    }
  });

  it("takes names in any case on Windows, and no folder of another machine", () => {
    const env = {
      Path: 'C:\\a;;.;\\\\server\\share;bin;"D:\\b c";\\top',
      SystemRoot: "C:\\Windows",
      node_options: "-r x",
    };
    assert.deepEqual(childEnvironment(env, "win32"), bare({ Path: "C:\\a;D:\\b c", SystemRoot: "C:\\Windows" }));
  });

  it("has no prototype, for Node passes on what is inherited", () => {
    const prototype = Object.prototype as { polluted?: string };
    prototype.polluted = "LD_PRELOAD";
    try {
      const names: string[] = [];
      for (const name in childEnvironment({ HOME: "/home/me" }, "linux")) names.push(name);
      assert.deepEqual(names, ["HOME"]);
      const json = JSON.parse('{"__proto__": "x", "HOME": "/home/me"}') as Record<string, string>;
      assert.deepEqual(Object.keys(childEnvironment(json, "linux")), ["HOME"]);
    } finally {
      delete prototype.polluted;
    }
  });
});

describe("isLocalPath", () => {
  it("is false for relative paths and, on Windows, those that would connect to a server", () => {
    for (const path of ["C:\\a", "c:/a"]) assert.ok(isLocalPath(path, "win32"), path);
    const elsewhere = [
      "\\\\server\\share",
      "//server/share",
      "\\\\?\\UNC\\server\\share",
      "\\\\.\\pipe\\x",
      "C:a",
      "\\a",
      "a",
      "",
    ];
    for (const path of elsewhere) assert.ok(!isLocalPath(path, "win32"), path);
    assert.ok(isLocalPath("/a", "darwin"));
    for (const path of ["a", "./a", "", "C:\\a"]) assert.ok(!isLocalPath(path, "linux"), path);
  });

  it("is not asked of a file's own share, which the user has opened", () => {
    const file = "\\\\home\\me\\project\\a.salsa.json";
    for (const path of ["\\\\home\\me\\project\\.salsa", "//HOME/me/other", "C:\\a"]) {
      assert.ok(!isOnOtherMachine(path, file, "win32"), path);
    }
    for (const path of ["\\\\evil\\x", "//evil/x", "\\\\home\\other", "\\\\?\\UNC\\evil\\x"]) {
      assert.ok(isOnOtherMachine(path, file, "win32"), path);
      assert.ok(isOnOtherMachine(path, "C:\\a.salsa.json", "win32"), path);
    }
    assert.ok(!isOnOtherMachine("/b", "/a", "linux"));
  });

  it("is what folders of a list have to be", () => {
    assert.deepEqual(localFolders("", "linux"), []);
    assert.deepEqual(localFolders("/a::b:/c", "linux"), ["/a", "/c"]);
  });
});
