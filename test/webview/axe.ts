import type { Page } from "playwright-core";
import { seriousViolations } from "../e2e/host/axe.ts";

/**
 * Serious and critical violations that axe finds in a page, shadow roots included: "rule: selector".
 *
 * @param page - Opened with `isAudited`.
 * @param rules - Rules to go by, such as only "color-contrast" after a change of theme; all when left out.
 */
export async function axeViolations(page: Page, rules?: readonly string[]): Promise<string[]> {
  // The policy lets no script fetch style sheets, which axe would do for rules that are about fonts alone.
  const options = { preload: false, ...(rules !== undefined && { runOnly: [...rules] }) };
  const violations = await seriousViolations(page.mainFrame(), options);
  return violations.flatMap(({ rule, elements }) => elements.map((element) => `${rule}: ${element}`));
}
