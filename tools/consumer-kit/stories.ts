import { mix, numberOf } from "../cloud-in-memory/random.ts";
import { decided, LOST, rerun, REVERSED, scene } from "./scenes.ts";
import { makeStoryWorld } from "./world.ts";
import type { DeliveredEvent } from "./world.ts";

/** What a consumer gets: one after the other, those of one step at the same time. */
export type Deliveries = readonly (readonly DeliveredEvent[])[];

export interface Story {
  readonly name: string;
  /** What happens, in a sentence. */
  readonly sentence: string;
  readonly play: (seed: number) => Promise<Deliveries>;
}

const IN_REVIEW = { event: "pending_review", status: "waiting_review" } as const;
const APPROVED = [IN_REVIEW, decided("Approved")];

/** Minutes in which the poller finds what is missing. */
const POLLED = 45;

/** What consumers meet, each in a world of its own (docs/consumers.md). */
export const STORIES: readonly Story[] = [
  story("once", "an application is approved, and everything comes once", async (world) => {
    world.start(scene("once", APPROVED));
    await world.pass(5);
    return inOrder(world.events);
  }),
  story("duplicate", "the bus delivers each event three times", async (world) => {
    world.start(scene("duplicate", APPROVED));
    await world.pass(5);
    return [0, 1, 2].flatMap((copy) => inOrder(world.events.map((event) => again(event, copy))));
  }),
  story("at-once", "three copies of an event come at the same moment", async (world) => {
    world.start(scene("at-once", APPROVED));
    await world.pass(5);
    return world.events.map((event) => [0, 1, 2].map((copy) => again(event, copy)));
  }),
  story("late", "the older events come after the approval", async (world) => {
    world.start(scene("late", APPROVED, { delivery: REVERSED }));
    await world.pass(8);
    return inOrder(world.events);
  }),
  story("rerun", "a denied application is run again, and the rerun is approved", async (world) => {
    world.start(scene("rerun", [decided("Denied")], { rerun: rerun(decided("Approved")) }));
    await world.pass(8);
    return inOrder(world.events);
  }),
  story("healed", "all webhooks are lost, and the poller brings the events", async (world) => {
    world.start(scene("healed", APPROVED, { delivery: LOST }));
    await world.pass(POLLED);
    return inOrder(world.events);
  }),
  story("correction", "a denial becomes an approval, and no webhook says so", async (world) => {
    const token = world.start(scene("correction", [decided("Denied")]));
    await world.pass(10);
    world.answer(token, { complete_outcome: "Approved", recent_outcome: "Approved" });
    await world.pass(26 * 60);
    return inOrder(world.events);
  }),
  story("replay", "an operator replays the approval, and the archive all events", async (world) => {
    const token = world.start(scene("replay", APPROVED));
    await world.pass(5);
    const events = [...world.events];
    const webhook = world.alloy.deliveries.log.find(
      ({ applicationToken, eventType }) =>
        applicationToken === token && eventType === "completed_application",
    );
    world.send({ kind: "replay", body: webhook?.attempts[0]?.body ?? "", force: true });
    await world.pass(2);
    const archived = events.map((event) => ({ ...again(event, 1), "replay-name": "incident" }));
    return inOrder([...world.events, ...archived]);
  }),
  story(
    "decided",
    "the approval is followed by its whole decision, an event of its own",
    async (world) => {
      world.start(scene("decided", APPROVED));
      await world.pass(12);
      return inOrder(world.events);
    },
    { decides: true },
  ),
  story("later-release", "a later release adds a field, and a route", async (world) => {
    world.start(scene("later-release", APPROVED));
    await world.pass(5);
    const [approval] = world.events.filter(({ detail }) => detail["route"] === "approved");
    if (approval === undefined) throw new Error("Nothing was approved.");
    const { eventId } = approval.detail;
    const celebrated: DeliveredEvent = {
      ...again(approval, 1),
      "detail-type": "Journey Application Celebrated",
      detail: {
        ...approval.detail,
        route: "celebrated",
        eventId: String(eventId).replace(/^.{8}/, "c".repeat(8)),
      },
    };
    const grown = world.events.map((event) => ({
      ...event,
      detail: { ...event.detail, tomorrow: { isKnown: false } },
    }));
    return inOrder([...grown, celebrated]);
  }),
];

function story(
  name: string,
  sentence: string,
  play: (world: ReturnType<typeof makeStoryWorld>) => Promise<Deliveries>,
  options: { readonly decides?: boolean } = {},
): Story {
  // Each story has tokens of its own, so that an action says of which story it is.
  return {
    name,
    sentence,
    play: (seed) => play(makeStoryWorld(mix(seed, numberOf(name)), options)),
  };
}

/** The bus gives each delivery of a replay an id of its own. */
function again(event: DeliveredEvent, copy: number): DeliveredEvent {
  if (copy === 0) return event;
  return { ...event, id: event.id.replace(/^.{2}/, copy.toString(16).padStart(2, "0")) };
}

function inOrder(events: readonly DeliveredEvent[]): Deliveries {
  return events.map((event) => [event]);
}
