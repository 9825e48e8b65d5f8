import assert from "node:assert/strict";
import { type NpmBill, billOfMaterials } from "../../../extension/build/billOfMaterials.ts";
import { ROOT } from "../../../extension/build/bundle.ts";
import { npm } from "../../../extension/build/nodeRuntime.ts";
import { nameOf } from "../../../extension/build/notices.ts";

const component = (name: string): NpmBill["components"][number] => ({
  "bom-ref": `${name}@1.0.0`,
  name,
  version: "1.0.0",
  scope: "optional",
  properties: [{ name: "cdx:npm:package:development", value: "true" }],
});

const BILL: NpmBill = {
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  metadata: { component: { ...component("salsa"), name: "checkout" } },
  components: ["lit", "lit-html", "mocha"].map(component),
  dependencies: [
    { ref: "salsa@1.0.0", dependsOn: ["lit@1.0.0", "mocha@1.0.0"] },
    { ref: "lit@1.0.0", dependsOn: ["lit-html@1.0.0", "mocha@1.0.0"] },
    { ref: "mocha@1.0.0" },
  ],
};
const NODE = { version: "24.21.0", sha256: "ab".repeat(32) };

interface Bill extends NpmBill {
  readonly components: readonly (NpmBill["components"][number] & {
    readonly hashes?: unknown;
    readonly purl?: string;
  })[];
}

describe("the bill of materials", () => {
  it("lists the bundled packages and Node, with who needs whom, and nothing that only builds", () => {
    const text = billOfMaterials(BILL, ["lit@1.0.0", "lit-html@1.0.0"], NODE);
    const bill = JSON.parse(text) as Bill;
    assert.deepEqual(
      bill.components.map((each) => each["bom-ref"]),
      ["lit@1.0.0", "lit-html@1.0.0", "node@24.21.0"],
    );
    assert.deepEqual(bill.components.at(-1)?.hashes, [{ alg: "SHA-256", content: NODE.sha256 }]);
    assert.deepEqual(bill.dependencies, [
      { ref: "salsa@1.0.0", dependsOn: ["lit@1.0.0", "lit-html@1.0.0", "node@24.21.0"] },
      { ref: "lit@1.0.0", dependsOn: ["lit-html@1.0.0"] },
    ]);
    assert.equal(bill.metadata.component.name, "salsa");
    assert.doesNotMatch(text, /timestamp|serialNumber|mocha|checkout|development/);
  });

  it("is not made without one of the packages", () => {
    assert.throws(() => billOfMaterials(BILL, ["uplot@1.0.0"], NODE), /does not list the bundled uplot@1/);
  });

  it("takes what npm prints for this repository", async () => {
    const bill = JSON.parse(npm("sbom", "--sbom-format=cyclonedx", "--package-lock-only")) as NpmBill;
    const packages = await Promise.all(
      ["lit", "zod", "@vscode/codicons"].map((name) => nameOf(`node_modules/${name}`, ROOT)),
    );
    const { components, bomFormat } = JSON.parse(billOfMaterials(bill, packages, NODE)) as Bill;
    assert.equal(bomFormat, "CycloneDX");
    for (const { purl = "", version = "" } of components) assert.ok(purl.endsWith(`@${version}`), purl);
  });
});
