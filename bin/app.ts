import { App } from "aws-cdk-lib";
import { refuseOtherPartitions } from "../lib/config/partition.ts";
import { AlloyJourneyWebhooks } from "../lib/pipeline-stack.ts";
import { ConfigurationError } from "../lib/config/stage-configuration.ts";
import { omissionsFrom, stageFrom } from "../lib/config/stage-from-context.ts";

try {
  // The CDK CLI says it, wherever it got it from.
  refuseOtherPartitions(process.env["CDK_DEFAULT_REGION"]);
  const app = new App();
  const context = (name: string): unknown => app.node.tryGetContext(name);
  const stage = stageFrom({
    stage: context("stage"),
    alloyBaseUrl: context("alloyBaseUrl"),
    timeScale: context("timeScale"),
    investigations: context("investigations"),
  });
  new AlloyJourneyWebhooks(app, `AlloyJourneyWebhooks-${stage.stage}`, {
    ...stage,
    omit: omissionsFrom(stage, context("omit")),
  });
} catch (error) {
  // A mistake in the configuration is a sentence to read, not a stack trace.
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
