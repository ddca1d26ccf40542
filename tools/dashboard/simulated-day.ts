import type { StageConfiguration } from "../../lib/config/stage-configuration.ts";
import type { Measurements } from "../cloudwatch/measurements.ts";
import { Recorder } from "./recorder.ts";
import { beSilent } from "./silence.ts";
import { recordEvents } from "./simulated-events.ts";
import { PollingPlan, recordPoll } from "./simulated-polls.ts";
import { DAY, tellStory } from "./story.ts";
import type { Story } from "./story.ts";

/** What CloudWatch would have been told in a day, by the series' names. The same for the same seed. */
export function simulateDay(stage: StageConfiguration, seed: number): Measurements {
  const record = new Recorder(stage.stage, seed + 1);
  const plan = new PollingPlan(stage);
  // Without a counted Journey nobody asks which one it was.
  const journeys = stage.journeys.length > 0 ? stage.journeys : ["J-any"];
  const story = tellStory(seed, journeys, (application, minute) =>
    plan.isCheck(application, minute),
  );

  recordEvents(record, story, stage);
  for (let minute = 0; minute < DAY; minute += 1) {
    recordQueues(record, story, minute);
    if (!plan.isRun(minute)) continue;
    const checked = story.applications.filter((one) => plan.isCheck(one, minute)).length;
    recordPoll(record, story, { minute, checked, thresholdMs: stage.gaps.thresholdMs });
  }
  beSilent(record.day, stage);
  return record.day;
}

function recordQueues(record: Recorder, { deliveries }: Story, minute: number): void {
  const { series } = record;
  for (const queue of ["DeadLetterQueue", "ScheduleDeadLetterQueue"]) {
    record.put(series.queue("ApproximateNumberOfMessagesVisible", queue), minute, 0);
    record.put(series.queue("ApproximateAgeOfOldestMessage", queue), minute, 0);
  }
  const waiting = deliveries.filter((one) => one.queuedAt <= minute && one.handledAt > minute);
  const oldest = Math.min(minute, ...waiting.map(({ queuedAt }) => queuedAt));
  const age = Math.max(60 * (minute - oldest), Math.floor(record.random() * 4));
  record.put(
    series.queue("ApproximateNumberOfMessagesVisible", "EventQueue"),
    minute,
    waiting.length,
  );
  record.put(series.queue("ApproximateAgeOfOldestMessage", "EventQueue"), minute, age);
}
