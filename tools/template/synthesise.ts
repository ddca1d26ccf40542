import { rmSync } from "node:fs";
import { App, Stage } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { AnnouncedAlarm } from "../../lib/alarms/alert-topics.ts";
import { ourContext } from "../../lib/feature-flags.ts";
import { AlloyJourneyWebhooks } from "../../lib/pipeline-stack.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { readTemplate } from "./template.ts";
import type { StackTemplate } from "./template.ts";

/** A template that was made from a stage's configuration. */
export interface Synthesised extends StackTemplate {
  readonly stage: StageConfiguration;
  /** Whether CloudFormation refuses to delete the stack. */
  readonly isTerminationProtected: boolean;
  readonly alarms: readonly AnnouncedAlarm[];
}

/**
 * Makes the template that the CDK CLI would make.
 *
 * @param assembly - the folder for the bundled functions, each under `asset.<hash>`. @default - they are not bundled
 * @param isFirstDeployment - into an account where the stack is not yet.
 */
export function synthesise(
  stage: StageConfiguration,
  omit: readonly string[] = [],
  assembly?: string,
  isFirstDeployment = false,
): Synthesised {
  const stack = stackOf(stage, { omit, assembly, isFirstDeployment });
  const template = Template.fromStack(stack).toJSON();
  // CDK leaves a folder of its own choice behind.
  if (assembly === undefined) rmSync(Stage.of(stack)?.outdir ?? "", { recursive: true });
  return {
    stage,
    isTerminationProtected: stack.terminationProtection ?? false,
    // Without the constructs that they are made of.
    alarms: stack.alarms.map(({ id, severity, fact, impact, because, runbook }) => ({
      id,
      severity,
      fact,
      impact,
      because,
      runbook,
    })),
    ...readTemplate(template),
  };
}

/** The stack as the CDK CLI would make it, before its template; see {@link synthesise}. */
export function stackOf(
  stage: StageConfiguration,
  {
    omit = [],
    assembly,
    isFirstDeployment = false,
  }: {
    readonly omit?: readonly string[];
    readonly assembly?: string | undefined;
    readonly isFirstDeployment?: boolean;
  } = {},
): AlloyJourneyWebhooks {
  const bundled = assembly === undefined ? [] : ["**"];
  const app = new App({
    context: {
      ...ourContext(),
      "aws:cdk:bundling-stacks": bundled,
      // What the CDK CLI shows beside an error, and no template has.
      "aws:cdk:disable-stack-trace": true,
      "aws:cdk:disable-creation-stack-traces": true,
      "aws:cdk:disable-logicalId-metadata": true,
    },
    treeMetadata: false,
    // It takes seconds, and every deployment and `npm run synth` does it.
    builtinCloudFormationValidation: false,
    ...(assembly !== undefined && { outdir: assembly }),
  });
  return new AlloyJourneyWebhooks(app, `AlloyJourneyWebhooks-${stage.stage}`, {
    ...stage,
    omit,
    isFirstDeployment,
  });
}
