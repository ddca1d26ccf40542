import { readFileSync } from "node:fs";
import { basename } from "node:path";

import * as v from "valibot";

import { installTool, run } from "./python-tool.ts";
import type { Finding } from "./suppressions.ts";

const ReportSchema = v.object({
  summary: v.object({ parsing_errors: v.literal(0), passed: v.pipe(v.number(), v.minValue(1)) }),
  results: v.object({
    failed_checks: v.array(
      v.object({ check_id: v.string(), resource: v.string(), file_path: v.string() }),
    ),
  }),
});

/**
 * What checkov finds in the templates of a folder, in one run: it starts slowly. It reaches no network.
 *
 * @param options.isUnderOwnKey - of a template, by its file's name.
 * @throws ValiError when it could not read a template, or has passed nothing.
 */
export async function checkovFindings(
  folder: string,
  isUnderOwnKey: (template: string) => boolean,
): Promise<readonly Finding[]> {
  const report = `${folder}/../checkov`;
  await run(
    await installTool("checkov", "checkov-requirements.txt"),
    [
      "--directory",
      folder,
      "--framework=cloudformation",
      "--compact",
      "--quiet",
      "--output=json",
      "--output-file-path",
      report,
      "--skip-download",
      "--soft-fail",
    ],
    // The report is in a file; checkov prints it besides.
    "checkov failed",
  );
  const { results } = v.parse(
    ReportSchema,
    JSON.parse(readFileSync(`${report}/results_json.json`, "utf8")),
  );
  return results.failed_checks.map(({ check_id: rule, resource, file_path: file }) => {
    const template = basename(file, ".json");
    return { pack: "checkov", rule, resource, template, isUnderOwnKey: isUnderOwnKey(template) };
  });
}
