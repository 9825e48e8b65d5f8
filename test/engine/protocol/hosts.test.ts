import assert from "node:assert/strict";
import { hostsOf, isHostName } from "../../../engine/protocol/hosts.ts";

describe("names of hosts", () => {
  it("are what ssh takes for a host, and never an option, a command or another kind of address", () => {
    for (const name of ["desk", "me@desk.lab", "10.0.0.2", "fe80::1", "gpu_1", "first.last+x@a-b"]) {
      assert.equal(isHostName(name), true, name);
    }
    const wrong = [
      ...["", "-oProxyCommand=id", "--", "me@-oProxyCommand=id", "-l@desk", "a b", "desk;id", "$(id)", "`id`", "a'b"],
      ...["ssh://desk", "desk\n", "a@b@c", "@desk", "desk@", "../x", "x".repeat(300)],
    ];
    for (const name of wrong) assert.equal(isHostName(name), false, name);
  });

  it("are those of a config's entries, without patterns", () => {
    const config = [
      "# Host commented",
      "Host desk lab-* !bad",
      "  HostName 10.0.0.2",
      'host = "under desk" attic',
      "Host -oProxyCommand=id",
      "Match host desk",
      "\tHost\tcellar\r",
      "Host desk",
      "Host *",
    ].join("\n");
    assert.deepEqual(hostsOf(config), ["desk", "under", "attic", "cellar"]);
  });
});
