import { refuseOtherPartitions } from "../../lib/config/partition.ts";
import { WATCHED_MINUTES } from "../../lib/config/rollback.ts";
import { ConfigurationError } from "../../lib/config/stage-configuration.ts";
import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import { stageFrom } from "../../lib/config/stage-from-context.ts";
import type { StackTemplate } from "../template/template.ts";
import type { Screen } from "../terminal/screen.ts";
import { Account, nameOf } from "./account.ts";
import { parseCommand } from "./command-line.ts";
import type { Command } from "./command-line.ts";
import { OperatorError, UsageError } from "../ops/operator-error.ts";
import { preflight } from "./preflight.ts";
import type { Finding } from "./finding.ts";
import { isGood, jsonOf, tableOf } from "./report.ts";
import { areSame, setRollbackTriggers, triggersOf } from "./rollback-triggers.ts";

/** What surrounds the tool. */
export interface World {
  readonly screen: Screen;
  /** What would be deployed; nothing is bundled for it. */
  readonly templateOf: (stage: StageConfiguration) => StackTemplate;
  /** Where the CDK CLI would deploy to; undefined when nobody has said it. */
  readonly regionOf: (profile: string | undefined) => Promise<string | undefined>;
  /** Runs the CDK CLI, and answers with its exit code. */
  readonly cdk: (args: readonly string[], surroundings: CdkSurroundings) => Promise<number>;
}

export interface CdkSurroundings {
  /** Undefined: as the shell says. */
  readonly region?: string;
  /** Standard output is for the preflight's JSON. */
  readonly isQuiet: boolean;
}

/**
 * Does what `npm run synth`, `npm run diff` and `npm run deploy` are asked for. What is wrong is said before anything is
 * bundled: first the command line and the stage, then the credentials, then the account.
 *
 * @param args - the action, then the options.
 * @returns the exit code: 0 done, 1 it cannot be done, 2 the command line or the stage is wrong.
 */
export async function run(args: readonly string[], world: World): Promise<number> {
  try {
    const command = parseCommand(args);
    if ("help" in command) {
      world.screen.print(...command.help);
      return 0;
    }
    return await act(command, stageFrom({ stage: command.stage }), world);
  } catch (error) {
    if (error instanceof OperatorError || error instanceof ConfigurationError) {
      world.screen.error(...error.message.split("\n"));
      return error instanceof UsageError || error instanceof ConfigurationError ? 2 : 1;
    }
    throw error;
  }
}

async function act(command: Command, stage: StageConfiguration, world: World): Promise<number> {
  const context = ["--context", `stage=${stage.stage}`];
  switch (command.action) {
    case "synth":
      return world.cdk(["synth", ...context, ...command.cdkOptions], { isQuiet: false });
    case "diff": {
      const { account } = await enter(command, stage, world);
      return world.cdk(["diff", ...context], { region: account.region, isQuiet: false });
    }
    case "deploy":
      return deploy(command, stage, world);
  }
}

async function deploy(command: Command, stage: StageConfiguration, world: World): Promise<number> {
  const { screen } = world;
  const { account, identity } = await enter(command, stage, world);
  const stackName = `AlloyJourneyWebhooks-${stage.stage}`;
  const template = world.templateOf(stage);
  const stack = await account.stack(stackName).catch((error: unknown) => {
    throw new OperatorError(
      `The stack ${stackName} could not be read (${String(error)}). Allow the deploying role to call cloudformation:DescribeStacks.`,
      { cause: error },
    );
  });
  const who: Finding = {
    check: "identity",
    state: "green",
    found: `${identity.arn}, account ${identity.account}, region ${account.region}`,
    good: "the account and the region that you mean",
    fix: null,
  };
  const findings = [who, ...(await preflight({ stage, stackName, template, account, stack }))];
  if (command.isJson) {
    const about = { stage: stage.stage, account: identity.account, region: account.region };
    screen.print(...jsonOf(about, findings).split("\n"));
  } else screen.print(...tableOf(findings));
  if (!isGood(findings)) {
    screen.error("Nothing was deployed. Fix what is marked ✘, then run the command again.");
    return 1;
  }
  if (command.isPreflightOnly) return 0;

  const target = { command, stage, stackName, region: account.region, world };
  const isFirst = stack === null || stack.status === "REVIEW_IN_PROGRESS";
  const kept = isFirst ? [] : stack.rollbackTriggers;
  const wanted = triggersOf(stage, { account: identity.account, region: account.region });
  // Before a deployment that no alarm is to take back: CloudFormation keeps the triggers of the last one.
  if (wanted.length === 0 && kept.length > 0 && !(await watch(target, [], true))) return 1;
  const code = await release(target, isFirst);
  // After it: a trigger that is not there yet would fail it.
  if (code === 0 && !areSame(kept, wanted)) await watch(target, wanted, false);
  return code;
}

interface Target {
  readonly command: Command;
  readonly stage: StageConfiguration;
  readonly stackName: string;
  readonly region: string;
  readonly world: World;
}

async function release(target: Target, isFirst: boolean): Promise<number> {
  const { command, stage, stackName, region, world } = target;
  const { screen } = world;
  const args = ["deploy", stackName, "--context", `stage=${stage.stage}`, ...command.cdkOptions];
  const surroundings = { region, isQuiet: command.isJson };
  if (!isFirst || stage.removal === "destroy") return world.cdk(args, surroundings);
  // Protection would keep a first deployment that fails from being undone.
  const made = await world.cdk([...args, "--context", "firstDeployment=true"], surroundings);
  if (made !== 0) return made;
  screen.error("The stack is deployed. Now its protection is switched on:");
  const isProtected = await world.cdk(args, surroundings);
  if (isProtected !== 0) {
    screen.error("The stack works but is not protected yet. The next npm run deploy protects it.");
  }
  return isProtected;
}

/** Tells CloudFormation which alarms take a deployment back. Returns whether it took it. */
async function watch(
  { stackName, region, world: { screen } }: Target,
  triggers: readonly string[],
  isAwaited: boolean,
): Promise<boolean> {
  const refusal = await setRollbackTriggers(stackName, triggers, { region, isAwaited });
  if (refusal !== null) {
    screen.error(
      `CloudFormation did not take the alarms that roll a deployment back (${refusal}). Let the role that deploys call cloudformation:UpdateStack, or set them in its console: ${triggers.join(", ") || "none"}.`,
    );
  } else if (triggers.length > 0) {
    screen.error(
      `From the next deployment on, these alarms roll it back, until ${WATCHED_MINUTES} minutes after its end: ${triggers.map(nameOf).join(", ")}. The stack is busy for as long now.`,
    );
  }
  return refusal === null;
}

/** Finds out where a deployment goes, and whether AWS knows who deploys. */
async function enter({ action, profile }: Command, stage: StageConfiguration, world: World) {
  if (stage.stage === "local") {
    throw new UsageError(
      `The stage "local" is for the emulator of npm start. Use another stage with npm run ${action}.`,
    );
  }
  const region = await world.regionOf(profile);
  if (region === undefined) {
    throw new OperatorError(
      "The region is not set. Set AWS_REGION, or the region of your AWS profile.",
    );
  }
  refuseOtherPartitions(region);
  const account = new Account(region);
  return { account, identity: await account.identity() };
}
