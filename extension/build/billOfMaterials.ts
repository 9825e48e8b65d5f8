/** A part of a CycloneDX bill; fields that are not named here stay as npm writes them. */
interface Component {
  /** Name and version: `lit@3.3.3`. */
  readonly "bom-ref": string;
  readonly name: string;
  readonly version?: string;
  /** "required" or "optional". */
  readonly scope?: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
}

/** A CycloneDX bill as `npm sbom` prints it: of everything that is installed, to build and to test as well. */
export interface NpmBill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
}

/** The Node in a package. */
export interface PackagedNode {
  readonly version: string;
  /** Of its program, as packaged, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Bill of what a VSIX contains, in CycloneDX's JSON: the bundled packages and Node. The same contents give the same
 * bytes, for it has neither a time nor a serial number.
 *
 * @param bill - As npm prints it.
 * @param packages - The bundled packages, as `lit@3.3.3`.
 * @throws {Error} naming a bundled package that npm does not list.
 */
export function billOfMaterials(bill: NpmBill, packages: readonly string[], node: PackagedNode): string {
  const components = packages.map((name) => componentIn(bill, name));
  const program = {
    "bom-ref": `node@${node.version}`,
    type: "platform",
    name: "node",
    version: node.version,
    purl: `pkg:generic/node@${node.version}`,
    hashes: [{ alg: "SHA-256", content: node.sha256 }],
    licenses: [{ license: { id: "MIT" } }],
  };
  const component = ownComponent(bill);
  const refs = [...components.map((each) => each["bom-ref"]), program["bom-ref"]];
  const known = new Set(refs);
  const used = bill.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => known.has(other)) }));
  const whole = {
    bomFormat: bill.bomFormat,
    specVersion: bill.specVersion,
    version: 1,
    metadata: { component },
    components: [...components, program],
    // Whatever is bundled is a part of the extension itself.
    dependencies: [{ ref: component["bom-ref"], dependsOn: refs }, ...used],
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

/** The extension itself, which npm names after the folder of the checkout. */
function ownComponent({ metadata: { component } }: NpmBill): Component {
  const ref = component["bom-ref"];
  return { ...component, name: ref.slice(0, ref.lastIndexOf("@")), properties: [], ...{ type: "application" } };
}

/** A bundled package as a part that is always there, though npm installs some of them only to build. */
function componentIn({ components }: NpmBill, name: string): Component {
  const found = components.find((each) => each["bom-ref"] === name);
  if (found === undefined) throw new Error(`bill of materials: npm does not list the bundled ${name}`);
  return { ...found, scope: "required", properties: [] };
}
