import { readFileSync } from "node:fs";
import { basename } from "node:path";

import * as v from "valibot";

import { installTool, run } from "./python-tool.ts";
import type { Finding } from "./suppressions.ts";

const ReportSchema = v.array(
  v.object({
    Filename: v.string(),
    Rule: v.object({ Id: v.string() }),
    Location: v.object({ Path: v.nullish(v.array(v.union([v.string(), v.number()])), []) }),
  }),
);

/**
 * What cfn-lint finds in templates by CloudFormation's own rules, warnings too.
 *
 * @param options.isUnderOwnKey - of a template, by its file's name.
 */
export async function cfnLintFindings(
  files: readonly string[],
  report: string,
  isUnderOwnKey: (template: string) => boolean,
): Promise<readonly Finding[]> {
  const options = ["--non-zero-exit-code=none", "--format=json", `--output-file=${report}`];
  const linter = await installTool("cfn-lint", "requirements.txt");
  await run(linter, [...options, ...files], "cfn-lint failed");
  const found = v.parse(ReportSchema, JSON.parse(readFileSync(report, "utf8")));
  return found.map(({ Filename: file, Rule: { Id: rule }, Location: { Path: path } }) => {
    const template = basename(file, ".json");
    const isOwn = isUnderOwnKey(template);
    return { pack: "cfn-lint", rule, resource: path.join("."), template, isUnderOwnKey: isOwn };
  });
}
