import { assertNothingLeft, soak } from "./soak.ts";

describe("half a minute of runs that are started, followed, stopped, killed, resumed and deleted in two windows", function () {
  this.timeout(600_000);

  it("leaves no memory, handle, socket, temporary file or lock behind", async () => {
    assertNothingLeft(await soak({ minutes: 0.5, log: () => undefined }));
  });
});
