import type { DevicePointer } from "../driver.ts";
import type { Address, KernelLaunch } from "../launch.ts";
import type { LibraryProduct, ProductLibrary } from "./library.ts";

/** Products of one program by a library, each warmed up before it is captured. */
export class LibrarySteps {
  private readonly products: ProductLibrary;
  private readonly warm = new Set<LibraryProduct>();

  constructor(products: ProductLibrary) {
    this.products = products;
  }

  /**
   * Prepares a launch's product.
   *
   * @param launch - Any.
   * @param resolve - Finds where an address is now.
   * @param workspace - Of the library's size.
   * @returns Queues it; undefined where the library has no way to do it.
   */
  prepare(
    launch: KernelLaunch,
    resolve: (address: Address) => DevicePointer,
    workspace: DevicePointer,
  ): (() => void) | undefined {
    if (launch.library === undefined) return undefined;
    const { shape, a, b, d, added } = launch.library;
    const product = this.products.prepare(shape);
    if (product === undefined) return undefined;
    const places = { a: resolve(a), b: resolve(b), d: resolve(d), added: added === null ? 0n : resolve(added) };
    const operands = { ...places, workspace };
    if (!this.warm.has(product)) product.warmUp(operands);
    this.warm.add(product);
    return () => product.queue(operands);
  }
}
