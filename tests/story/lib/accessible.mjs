// What axe finds wrong for people who use a screen reader, a keyboard, or tired eyes.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The rules of WCAG 2.2 AA, and what its authors call good practice beside them. */
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** Good practice is told from this impact on; a rule of WCAG always. */
const grave = ["moderate", "serious", "critical"];

/** One line for each rule that the screen, or `part` of it, breaks, with the elements that break it. */
export async function barriers(page, part) {
  const known = await page.evaluate(() => typeof window.axe === "object");
  if (!known) await page.evaluate(source);
  const violations = await page.evaluate(
    async ([tags, part]) =>
      (
        await window.axe.run(part ?? document, {
          runOnly: { type: "tag", values: tags },
          resultTypes: ["violations"],
        })
      ).violations,
    [tags, part],
  );
  return violations
    .filter((v) => grave.includes(v.impact) || v.tags.some((tag) => tag.startsWith("wcag")))
    .map((v) => {
      const where = v.nodes.slice(0, 3).map((n) => {
        const why = n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? "";
        return `${n.target.flat().join(" ")} (${why.slice(0, 160)})`;
      });
      return `${v.impact} ${v.id}: ${v.help}; ${v.nodes.length} times: ${where.join(" | ")}`;
    });
}
