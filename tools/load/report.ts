import { EXAMPLE_PRODUCTION } from "../../lib/config/default-stages.ts";
import { consumerExecutionsFor, pollingFor } from "../../lib/config/expected.ts";
import { tableOf } from "../bench/bench.ts";
import { countLives } from "../cost/count-lives.ts";
import type { LivesCount } from "../cost/count-lives.ts";
import { deployed, playDay, secondsToHeal } from "./model.ts";
import type { Capacity, PlayedDay, Work } from "./model.ts";

/** Ten million webhooks in a day, over a bank's hours, and 1,000 a second for ten minutes of it. */
const WEBHOOKS_PER_DAY = 10_000_000;
const PEAK = { perSecond: 1_000, from: 11 * 3_600, endsAt: 11 * 3_600 + 600 } as const;
/** A day's outage of the way in: all of them are open, and of each so many events are lost. */
const OPEN = { applications: 1_000_000, lostPerApplication: 6.7 } as const;

const HOURLY: readonly number[] = [
  1, 0.5, 0.4, 0.3, 0.4, 0.8, 2, 4, 6, 7.5, 8, 7.5, 7, 6.5, 6.5, 6, 6, 6.5, 7, 6, 4.5, 3, 1.8, 1,
];

/** Ten million webhooks bring 3.7 million checks a day, in runs that last 42 s of each minute. */
const AGREED_CALLS_PER_SECOND = 100;

/** What was played, with the stack as it is deployed and with settings for this volume. */
interface LoadReport {
  readonly variants: readonly {
    readonly name: string;
    readonly capacity: Capacity;
    readonly day: PlayedDay;
    readonly heal: ReturnType<typeof secondsToHeal>;
  }[];
}

/** The work of an application and of its events, as it is counted for the bill. */
function workOf(lives: LivesCount): Work {
  const eventsPerApplication = lives.events / lives.lives;
  const furthers = eventsPerApplication - 1;
  return {
    writesPerEvent: (lives.firstWrites + furthers * lives.furtherWrites) / eventsPerApplication,
    // One that its first event puts; a check that moves it twice, and the last one, which removes it.
    dueEntriesPerApplication: 4,
    publishedPerEvent: lives.publishedPerEvent,
    eventsPerApplication,
    // The mean over the scenarios: one that finds it done, one a day later, and half a check of a pause.
    checksPerApplication: 2.5,
  };
}

/** @param lives - what was counted of production's handlers. */
export function playLoad(lives: LivesCount): LoadReport {
  const stage = EXAMPLE_PRODUCTION;
  const work = workOf(lives);
  const usual = deployed(stage.polling);
  const expected = { webhooksPerDay: WEBHOOKS_PER_DAY, openApplications: OPEN.applications };
  // Alloy has to agree to the rate. All else of the pollers follows from what is expected.
  const agreed = { ...stage.polling, requestsPerSecond: AGREED_CALLS_PER_SECOND };
  const polling = pollingFor({ polling: agreed, expected });
  const raised: Capacity = {
    ...deployed(polling),
    // Ingest's peak and its share of retries; both are settings of `lambdas/settings/limits.ts`.
    ingest: 150,
    throttlePerSecond: 1_500,
    consumer: consumerExecutionsFor({ ...stage, expected }),
  };
  const hourly = HOURLY.reduce((sum, share) => sum + share, 0);
  const perSecond = (second: number) => {
    if (second >= PEAK.from && second < PEAK.endsAt) return PEAK.perSecond;
    const share = (HOURLY[Math.floor(second / 3_600)] ?? 0) / hourly;
    return (WEBHOOKS_PER_DAY * share) / 3_600;
  };
  return {
    variants: [["as deployed", usual] as const, ["with settings for it", raised] as const].map(
      ([name, capacity]) => ({
        name,
        capacity,
        day: playDay(perSecond, PEAK, work, capacity),
        heal: secondsToHeal(OPEN, capacity),
      }),
    ),
  };
}

/** The tables of docs/scale.md and of the command. */
export function loadParts({ variants }: LoadReport): Readonly<Record<string, string>> {
  const names = variants.map(({ name }) => name);
  const ceilings = variants[0]?.day.ceilings ?? [];
  const whole = (number: number) => Math.round(number).toLocaleString("en-US");
  return {
    ceilings: tableOf({
      columns: ["In the second that uses most", ...names],
      rows: ceilings.map(({ what }, index) => [
        what,
        ...variants.map(({ day }) => {
          const { used = 0, most = 0 } = day.ceilings[index] ?? {};
          return `${whole(used)} of ${whole(most)}${used >= most ? ": saturated" : ""}`;
        }),
      ]),
    }),
    backlog: tableOf({
      columns: [
        "Hour",
        "webhooks sent",
        ...names.flatMap((name) => [`waiting, ${name}`, "longest wait", "refused"]),
      ],
      rows: (variants[0]?.day.hours ?? []).map(({ hour, sent }) => [
        String(hour),
        whole(sent),
        ...variants.flatMap(({ day }) => {
          const { backlog = 0, waitSeconds = 0, refused = 0 } = day.hours[hour] ?? {};
          return [whole(backlog), `${whole(waitSeconds)} s`, whole(refused)];
        }),
      ]),
    }),
    times: tableOf({
      columns: ["Time", ...names],
      rows: [
        [
          "to drain the queue after the peak",
          ...variants.map(({ day }) =>
            day.drainSeconds === null ? "not within the day" : durationOf(day.drainSeconds),
          ),
        ],
        [
          "to check a million open applications after a day's outage",
          ...variants.map(({ heal }) => durationOf(heal.checks)),
        ],
        ["to process what they lost", ...variants.map(({ heal }) => durationOf(heal.events))],
        ["to heal", ...variants.map(({ heal }) => durationOf(heal.total))],
        [
          "checks that are behind at the end of the day",
          ...variants.map(({ day }) => whole(day.hours.at(-1)?.checksBehind ?? 0)),
        ],
      ],
    }),
  };
}

/** `npm run simulate -- --load` prints this. */
export async function loadText(): Promise<string> {
  const { ceilings, times, backlog } = loadParts(playLoad(await countLives(EXAMPLE_PRODUCTION)));
  return [
    `${WEBHOOKS_PER_DAY.toLocaleString("en-US")} webhooks in a day, ${PEAK.perSecond} a second for ten minutes; then ${OPEN.applications.toLocaleString("en-US")} open applications after a day's outage`,
    ceilings,
    times,
    backlog,
  ].join("\n\n");
}

function durationOf(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${(seconds / 60).toFixed(0)} min`;
  if (seconds < 172_800) return `${(seconds / 3_600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}
