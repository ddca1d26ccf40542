import { localStage, SANDBOX, textFrom } from "./default-stages.ts";
import type { LocalContext } from "./default-stages.ts";
import { ConfigurationError } from "./stage-configuration.ts";
import { validate } from "./validate-stage.ts";
import type { StageConfiguration } from "./stage-configuration.ts";
import { STAGES } from "../stages.ts";

/** What the command line may say, with `cdk … --context name=value`. */
export interface StageContext extends LocalContext {
  readonly stage?: unknown;
}

const LOCAL = "local";

/**
 * The stage that the command line asks for; `sandbox` when it asks for none.
 *
 * @throws ConfigurationError with one sentence per mistake.
 */
export function stageFrom(context: StageContext): StageConfiguration {
  const name = textFrom("stage", context.stage ?? SANDBOX.stage);
  if (name === LOCAL) return validate(localStage(context));
  const stage = STAGES.find((one) => one.stage === name);
  if (stage !== undefined) return validate(stage);
  throw new ConfigurationError(
    `There is no stage ${JSON.stringify(name)}: the stages of lib/stages.ts are ${stageNames().join(", ")}.`,
  );
}

/** The names that `--stage` takes. */
export function stageNames(): readonly string[] {
  return [...STAGES.map(({ stage }) => stage), LOCAL];
}

/**
 * The kinds of resources that the command line asks to leave out, separated by commas.
 *
 * @throws ConfigurationError when the stage is not `local`: a deployment to AWS leaves nothing out.
 */
export function omissionsFrom({ stage }: StageConfiguration, omit: unknown): readonly string[] {
  if (omit === undefined) return [];
  if (stage === "local") return textFrom("omit", omit).split(",");
  throw new ConfigurationError(
    `The context omit is ${JSON.stringify(omit)}, but stage ${JSON.stringify(stage)} leaves nothing out: only stage "local" may.`,
  );
}
