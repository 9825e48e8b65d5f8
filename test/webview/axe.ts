import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/**
 * Serious and critical violations that axe finds in a page, shadow roots included: "rule: selector".
 *
 * @param page - Opened with `isAudited`.
 * @param rules - Rules to go by, such as only "color-contrast" after a change of theme; all when left out.
 */
export async function axeViolations(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe.source);
  // The policy lets no script fetch style sheets, which axe would do for rules that are about fonts alone.
  const { violations } = await page.evaluate(
    (options) => (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run(options),
    { preload: false, ...(rules !== undefined && { runOnly: [...rules] }) },
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.flat().join(" ")}`));
}
