import { AwsSolutionsChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks } from "cdk-nag";
import type { NagPack } from "cdk-nag";

import type { AlloyJourneyWebhooks } from "../../lib/pipeline-stack.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import type { Finding, Pack } from "./suppressions.ts";

const PACKS: readonly (readonly [Pack, () => NagPack])[] = [
  ["AwsSolutions", () => new AwsSolutionsChecks()],
  ["Serverless", () => new ServerlessChecks()],
  ["NIST.800.53.R5", () => new NIST80053R5Checks()],
  ["PCI.DSS.321", () => new PCIDSS321Checks()],
];

/** What the packs of cdk-nag find in a stack. Nothing is written into its template. */
export function nagFindings(
  template: string,
  stage: StageConfiguration,
  stack: AlloyJourneyWebhooks,
): readonly Finding[] {
  return PACKS.flatMap(([pack, make]) =>
    make()
      .validateScope(stack)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath = "" }) => ({
          pack,
          rule: ruleName.replaceAll(stack.stackName, "AlloyJourneyWebhooks-<stage>"),
          resource: constructPath.replace(`${stack.stackName}/`, ""),
          template,
          isUnderOwnKey: stage.encryption === "customer-managed",
        })),
      ),
  );
}
