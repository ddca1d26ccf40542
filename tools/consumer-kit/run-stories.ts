import { setTimeout as sleep } from "node:timers/promises";

import type { ActionLog } from "./actions.ts";
import type { Deliveries, Story } from "./stories.ts";
import type { Target } from "./targets.ts";

export interface StoryRun {
  readonly stories: readonly Story[];
  readonly seed: number;
  readonly target: Target;
  readonly actions: ActionLog;
  /** The routes whose events the consumer has to act on, once for each event. */
  readonly actsOn: readonly string[];
  /** Only the events of these routes are sent, as a route's rule does. */
  readonly asRule: boolean;
  /** How long an action may take, ms. */
  readonly waitMs: number;
  /** Gets each story as it begins. */
  readonly onStory: (story: Story) => void;
}

/** What a consumer has done of a story. */
export interface StoryVerdict {
  readonly story: Story;
  /** A sentence for each fault; none when it has acted once. */
  readonly faults: readonly string[];
}

interface Played {
  readonly story: Story;
  /** How often to act, by application. */
  readonly expected: ReadonlyMap<string, number>;
  readonly refusals: readonly string[];
}

/** How often the log of actions is looked at. */
const LOOK_MS = 20;

/**
 * Plays stories into a consumer, one after the other, and checks them all at the end: an action that comes late counts too.
 *
 * @throws TargetError when the consumer cannot be reached.
 */
export async function runStories(run: StoryRun): Promise<readonly StoryVerdict[]> {
  const played: Played[] = [];
  for (const story of run.stories) {
    run.onStory(story);
    const one = await playStory(story, run);
    played.push(one);
    // Whoever reports nothing of the first reports nothing of the others.
    if (played.length === 1 && run.actions.all().length === 0 && isAnyExpected(one)) break;
  }
  await sleep(run.target.settleMs);
  return played.map((one) => ({ story: one.story, faults: faultsOf(one, run.actions) }));
}

async function playStory(story: Story, run: StoryRun): Promise<Played> {
  const { actsOn, asRule, target, actions, waitMs } = run;
  const deliveries = await story.play(run.seed);
  const expected = expectedOf(deliveries, actsOn);
  const refusals: string[] = [];
  for (const step of deliveries) {
    const sent = step.filter(({ detail }) => !asRule || actsOn.includes(String(detail["route"])));
    const answers = await Promise.all(
      sent.map(async (event) => {
        const refusal = await target.deliver(event);
        return refusal === null ? [] : [`${refusal} to an event "${event["detail-type"]}"`];
      }),
    );
    refusals.push(...answers.flat());
  }
  const isDone = () => [...expected].every(([token, times]) => actions.of(token).length >= times);
  const until = performance.now() + waitMs;
  while (!isDone() && performance.now() < until) await sleep(LOOK_MS);
  return { story, expected, refusals: [...new Set(refusals)] };
}

/** One action for each event, however often it is delivered; for the other applications none. */
function expectedOf(deliveries: Deliveries, actsOn: readonly string[]): Map<string, number> {
  const ids = new Map<string, Set<unknown>>();
  for (const { detail } of deliveries.flat()) {
    const { applicationToken, route, eventId } = detail;
    if (typeof applicationToken !== "string") continue;
    const known = ids.get(applicationToken) ?? new Set();
    ids.set(applicationToken, known);
    if (actsOn.includes(String(route))) known.add(eventId);
  }
  return new Map([...ids].map(([token, known]) => [token, known.size]));
}

function faultsOf({ story, expected, refusals }: Played, actions: ActionLog): readonly string[] {
  const refused = refusals.map((refusal) => `Story "${story.name}": the consumer ${refusal}.`);
  const counted = [...expected].flatMap(([token, times]) => {
    const done = actions.of(token);
    if (done.length === times) return [];
    const names = [...new Set(done.map(({ action }) => action))].join(", ");
    const what = done.length === 0 ? "the action" : names;
    return [
      `Story "${story.name}": ${what} was done ${timesOf(done.length)} for ${token}, and has to be done ${timesOf(times)}: ${story.sentence}.`,
    ];
  });
  return [...refused, ...counted];
}

function isAnyExpected({ expected }: Played): boolean {
  return [...expected.values()].some((times) => times > 0);
}

function timesOf(count: number): string {
  return ["not at all", "once", "twice"][count] ?? `${count} times`;
}
