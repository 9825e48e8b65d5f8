import { spawnSync } from "node:child_process";
import * as fs from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { tiny } from "../engine/pipeline/tinyRun.ts";
import { describeInVsCode } from "./host/browser.ts";
import {
  answer,
  notification,
  openView,
  openWorkbench,
  pressButton,
  runAndPick,
  runCommand,
  treeRow,
} from "./host/workbench.ts";
import { type Session, picture, startSession } from "./session.ts";
import { waitFor } from "./waiting.ts";

/** Root of the processes that come after, in a file system of their own: no rights are needed, and nothing is left. */
const APART = ["unshare", "--map-root-user", "--mount", "sh", "-ec"];

/**
 * Puts two disks in memory into the folder $0, one with room for the first stages of a run only and one that is
 * read-only, each with the files of `source`; then starts the following command.
 */
const DISKS = `
  mount -t tmpfs -o size=1m tmpfs "$0/full"
  cp "$0/source/tiny.salsa.json" "$0/full"
  head -c 720k /dev/zero > "$0/full/filler.bin"
  mount -t tmpfs -o size=1m tmpfs "$0/readOnly"
  cp "$0"/source/* "$0/readOnly"
  mount -o remount,ro "$0/readOnly"
  exec "$@"`;

if (spawnSync(APART[0] ?? "", [...APART.slice(1), "mount -t tmpfs tmpfs /tmp"]).status === 0)
  describeInVsCode("disks that cannot be written, from the packaged extension", suite);
else process.stderr.write("no file systems of one's own (unshare --map-root-user --mount): full disks are left out\n");

function suite(this: Mocha.Suite): void {
  this.timeout(180_000);
  let folder: string;
  let session: Session;
  let page: Page;

  before(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), "salsa-disks-"));
    for (const name of ["source", "full", "readOnly", "writable"]) await fs.mkdir(join(folder, name));
    await fs.writeFile(join(folder, "source/tiny.salsa.json"), JSON.stringify(tiny(), undefined, 2));
    const runtime = { directory: join(folder, "writable") };
    await fs.writeFile(
      join(folder, "source/elsewhere.salsa.json"),
      JSON.stringify(tiny({ name: "elsewhere", runtime })),
    );
    session = await startSession({ folder: join(folder, "full"), within: [...APART, DISKS, folder] });
    page = session.page;
  });
  after(async () => {
    await session.close();
    await fs.rm(folder, { recursive: true });
  });
  afterEach(function () {
    return picture(this.currentTest, page);
  });

  describe("a full disk", () => {
    it("fails a run with what is the matter, and Retry ends it once there is room", async () => {
      await runCommand(page, "SALSA: Run Config");
      await notification(page, /tiny-1 has failed: .*no space left on the disk; free some space/).waitFor();
      await openView(page, "Explorer");
      await treeRow(page, "filler.bin").click();
      await page.keyboard.press("Delete");
      await page
        .locator(".monaco-dialog-box")
        .getByRole("button", { name: /Delete|Yes/ })
        .click();
      await pressButton(page, "tiny-1 has failed", "Retry");
      await notification(page, "tiny-1 has finished").waitFor();
    });
  });

  describe("a read-only workspace", () => {
    before(async () => {
      page = await session.browser.newPage();
      await openWorkbench(page, session.host.url({ folder: join(folder, "readOnly") }));
    });

    it("is reported when a run is started, and a run elsewhere comes to its end", async () => {
      await runAndPick(page, "SALSA: Run Config", "tiny.salsa.json");
      await notification(page, /the disk is read-only; choose another runtime\.directory/).waitFor();
      await runAndPick(page, "SALSA: Run Config", "elsewhere.salsa.json");
      await notification(page, "elsewhere-1 has finished").waitFor();
      await waitFor(() => existsSync(join(folder, "writable/runs/elsewhere-1/models.json")), "the run's files");
      await openView(page, "SALSA");
      await treeRow(page, "elsewhere-1").waitFor();
    });

    it("is reported when a config is made", async () => {
      await runAndPick(page, "SALSA: New Run Config...", "MiniInstruct demo");
      await answer(page, "demo", /miniinstruct\.salsa\.json$/);
      await notification(page, /demo\.salsa\.json cannot be written: the folder is read-only/).waitFor();
    });
  });
}
