import type { Screen } from "../terminal/screen.ts";
import { startActionLog } from "./actions.ts";
import type { ActionLog } from "./actions.ts";
import { readKitOptions, UsageError } from "./options.ts";
import { runStories } from "./run-stories.ts";
import { TargetError, targetOf } from "./targets.ts";

/**
 * `simulate --to <url>`: plays the stories into a consumer.
 *
 * @returns the exit code: 0 it acted once in every story, 1 it did not, 2 it could not be tried.
 */
export async function testConsumer(
  args: readonly string[],
  screen: Screen,
  env: NodeJS.ProcessEnv,
): Promise<0 | 1 | 2> {
  let actions: ActionLog | null = null;
  try {
    const options = readKitOptions(args);
    if ("help" in options) {
      screen.print(...options.help);
      return 0;
    }
    const target = targetOf(options.to, env);
    actions = await startActionLog(options.actionsPort).catch((error: unknown) => {
      throw new UsageError(
        `Port ${options.actionsPort} for the actions cannot be had (${String(error)}). Choose another --actions-port, or 0 for a free one.`,
        { cause: error },
      );
    });
    screen.print(`Actions are reported to ${actions.url}`);
    const verdicts = await runStories({
      ...options,
      target,
      actions,
      onStory: ({ name, sentence }) => screen.print(`${name}: ${sentence}`),
    });
    const faults = verdicts.flatMap((verdict) => verdict.faults);
    screen.error(...faults);
    if (verdicts.length < options.stories.length) {
      screen.error(
        `No action was reported, so the other stories were not played. The consumer has to POST each action to ${actions.url}.`,
      );
    }
    const kept = verdicts.filter((verdict) => verdict.faults.length === 0).length;
    screen.print(`${options.stories.length} stories: the consumer acted once in ${kept}.`);
    return kept === options.stories.length ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof TargetError)) throw error;
    screen.error(error.message);
    return 2;
  } finally {
    await actions?.stop();
  }
}
