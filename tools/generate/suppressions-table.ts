import { SUPPRESSIONS } from "../lint-templates/suppressions.ts";

/** The findings of the packs that stay, each with its reason. */
export function suppressionsTable(): string {
  const rows = SUPPRESSIONS.map(
    ({ about, rules, why }) =>
      `| ${about} | ${rules.map((rule) => `\`${rule}\``).join(" ")} | ${why} |`,
  );
  const rules = new Set(SUPPRESSIONS.flatMap((one) => one.rules));
  return [
    `${SUPPRESSIONS.length} reasons, for ${rules.size} rules.`,
    "",
    "| What | Rules | Why it stays |",
    "|---|---|---|",
    ...rows,
  ].join("\n");
}
