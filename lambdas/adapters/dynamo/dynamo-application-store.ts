import { brotliCompressSync, constants } from "node:zlib";

import type { HealedMark, NearbyReports } from "../../domain/application/alias.ts";
import type {
  ApplicationState,
  EntityRegister,
} from "../../domain/application/application-state.ts";
import { allEffects, effectIdOf } from "../../domain/application/effect-numbers.ts";
import { TransientError } from "../../domain/errors.ts";
import type { JourneyEvent } from "../../domain/event/journey-event.ts";
import type {
  ApplicationStore,
  CheckRequest,
  EventPlace,
  EventRecord,
  FailureRecord,
  Merged,
  MergeStep,
  Recording,
  RecordLock,
} from "../../domain/ports.ts";
import { reportOf, ALIAS_MS } from "../../domain/reconciliation/reconciliation.ts";
import { APPLICANTS, EFFECTS } from "../../settings/limits.ts";
import { TABLE } from "../../settings/names.ts";
import {
  applicantKey,
  applicantRegisterOf,
  applicationKey,
  applicationStateOf,
  EFFECTS_FROM,
  effectsKey,
  effectsOf,
  ENTITY_ID_PREFIX,
  entityAttribute,
  entityIdAttribute,
  eventKey,
  eventsFrom,
  failureKey,
  healedFrom,
  healedKey,
  healedMarkOf,
  present,
  recordingOf,
  recordedReportOf,
  releasedMarksOf,
  REPORT_ATTRIBUTES,
} from "./application-item.ts";
import type { DynamoDbOperations } from "../aws-operations.ts";
import { DynamoTable } from "./dynamo-table.ts";
import type { Item } from "./dynamo-table.ts";
import { DynamoUpdate } from "./dynamo-update.ts";
import { broughtIds, externalIdKey, idsOf, indexedIdOf } from "./external-ids.ts";
import {
  areInOrder,
  fastMerge,
  indexedAfterFast,
  lastOf,
  mergedInOrder,
  slowMerge,
  storedIdIn,
  together,
} from "./state-update.ts";
import type { MergeSteps, Together } from "./state-update.ts";

/** A body that stays larger than this when compressed is left out of the item, whose limit is 400 KB. */
const MAX_STORED_BODY_BYTES = 300_000;

/** Attempts of the slow merge; each refusal means that somebody else's merge succeeded. */
const MERGE_ATTEMPTS = 10;

/**
 * `ApplicationStore` on DynamoDB.
 *
 * A merge in the usual order costs one write unit and no read: one conditional update that is right
 * if the observation is the newest of its kind (`fastMerge`). When it is not, DynamoDB hands back the
 * item with the refusal, and the merge is done in memory and written under optimistic concurrency.
 */
export class DynamoApplicationStore implements ApplicationStore {
  readonly #table: DynamoTable;
  readonly #eventRetentionMs: number | null;
  readonly #indexesEntities: boolean;

  constructor(options: {
    readonly client: DynamoDbOperations;
    readonly tableName: string;
    /** Null keeps events forever. */
    readonly eventRetentionMs: number | null;
    /**
     * Whether an application is found by the ids of its entities too.
     * @default false
     */
    readonly indexesEntities?: boolean;
  }) {
    this.#table = new DynamoTable(options.client, options.tableName);
    this.#eventRetentionMs = options.eventRetentionMs;
    this.#indexesEntities = options.indexesEntities ?? false;
  }

  async recordEvent(event: EventRecord): Promise<Recording> {
    const { applicationToken, investigationToken, eventId, at, ...rest } = event;
    const { body: bytes, isWithheld, ...attributes } = rest;
    const body = brotliCompressSync(bytes, {
      // An event is 1 to 2 KB: quality 5 is within a tenth of the best, at a tenth of its time.
      params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
    });
    const item = {
      ...eventKey(applicationToken, eventId, at, investigationToken),
      eventId,
      eventAt: at,
      ...present({ ...attributes, isWithheld: isWithheld ? true : null }),
      ...(body.length <= MAX_STORED_BODY_BYTES ? { body } : { bodyOmittedBytes: body.length }),
      ...(this.#eventRetentionMs === null
        ? {}
        : { expiresAt: Math.ceil((event.receivedAt + this.#eventRetentionMs) / 1_000) }),
    };
    const stored = await this.#table.putNew("Recording an event", item);
    // What is stored distinguishes a retry of the SDK, or of the message, from another report of the event.
    if (stored !== null) return { isNew: false, ...recordingOf(stored) };
    const { receiptId, receivedAt, outcome, lock } = event;
    const recording = { isNew: true, receiptId, receivedAt, isWithheld, outcome };
    return lock === undefined ? recording : { ...recording, lock };
  }

  async unlockEvent(event: EventPlace, lock: RecordLock): Promise<void> {
    const update = new DynamoUpdate();
    update.setIn("lock", "until", 0);
    update.requireIn("lock", "by", lock.by);
    update.requireIn("lock", "until", lock.until);
    await this.#table.update("Unlocking an event", placeOf(event), update);
  }

  async lockOf(event: EventPlace): Promise<RecordLock | null> {
    const item = await this.#table.read("Reading an event's lock", placeOf(event));
    return item === null ? null : (recordingOf(item).lock ?? null);
  }

  async forgetEvent(event: JourneyEvent): Promise<void> {
    await this.#table.delete("Forgetting an event", placeOf(event));
  }

  async eraseEvent(event: EventPlace): Promise<void> {
    const { applicationToken, eventId, at } = event;
    const keys = [
      placeOf(event),
      healedKey(applicationToken, { at, eventId }),
      failureKey(applicationToken, eventId),
    ];
    await Promise.all(keys.map((key) => this.#table.delete("Erasing an event", key)));
  }

  async withholdEvent(event: JourneyEvent): Promise<void> {
    const update = new DynamoUpdate();
    update.set("isWithheld", true);
    update.requirePresent("pk");
    await this.#table.update("Withholding an event", placeOf(event), update);
  }

  async markHealed(applicationToken: string, mark: HealedMark, expiresAt: number): Promise<void> {
    const { event, lookAlikes } = mark;
    const item = {
      ...healedKey(applicationToken, event),
      event,
      lookAlikes,
      webhooks: {},
      [TABLE.expiryAttribute]: Math.ceil(expiresAt / 1_000),
    };
    await this.#table.putNew("Marking a healed event", item);
  }

  async noteWebhookOf(healed: HealedMark["event"], webhook: JourneyEvent): Promise<void> {
    const update = new DynamoUpdate();
    update.setIn("webhooks", webhook.eventId, reportOf(webhook));
    update.requirePresent("pk");
    const key = healedKey(healed.applicationToken, healed);
    await this.#table.update("Noting a healed event's webhook", key, update);
  }

  async reportsNear({ applicationToken, at }: JourneyEvent): Promise<NearbyReports> {
    const { pk, sk } = applicationKey(applicationToken);
    const query = (from: string, to: string, attributes: readonly string[]) =>
      this.#table.query("Reading an application's events", {
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues: { ":pk": pk, ":from": from, ":to": to },
        ...(attributes.length > 0 && {
          ProjectionExpression: attributes.map((name) => `#${name}`).join(", "),
          ExpressionAttributeNames: Object.fromEntries(
            attributes.map((name) => [`#${name}`, name]),
          ),
        }),
        // The other report may have been recorded a moment ago.
        ConsistentRead: true,
      });
    const [from, to] = [at - ALIAS_MS, at + ALIAS_MS + 1];
    const [recorded, marks] = await Promise.all([
      Array.fromAsync(query(eventsFrom(from), eventsFrom(to), REPORT_ATTRIBUTES)),
      Array.fromAsync(query(healedFrom(from), healedFrom(to), MARK_ATTRIBUTES)),
    ]);
    const near = { recorded: recorded.map(recordedReportOf), marks: marks.map(healedMarkOf) };
    const marked = new Set(near.marks.map(({ event }) => event.eventId));
    const isUnmarked = near.recorded.some(
      ({ origin, eventId }) => origin === "poll" && !marked.has(eventId),
    );
    if (!isUnmarked) return near;
    // The release 0.1.0 has its marks in the application's item.
    const items = await Array.fromAsync(query(sk, sk, []));
    const released = items
      .flatMap((item) => releasedMarksOf(item, applicationToken))
      .filter(({ event }) => Math.abs(event.at - at) <= ALIAS_MS && !marked.has(event.eventId));
    return { ...near, marks: [...near.marks, ...released] };
  }

  async readApplicant(
    applicationToken: string,
    entityToken: string,
  ): Promise<EntityRegister | null> {
    const key = applicantKey(applicationToken, entityToken);
    const item = await this.#table.read("Reading an applicant", key);
    return item === null ? null : applicantRegisterOf(item);
  }

  async readState(applicationToken: string): Promise<ApplicationState | null> {
    const key = applicationKey(applicationToken);
    const item = await this.#table.read("Reading an application's state", key);
    return item === null ? null : applicationStateOf(item);
  }

  async mergeState(observation: ApplicationState, check: CheckRequest): Promise<Merged> {
    const [merged] = await this.#merge([{ observation, check }]);
    return merged;
  }

  async mergeEach(steps: readonly MergeStep[]): Promise<readonly Merged[]> {
    const [one, ...others] = steps;
    if (one === undefined) return [];
    if (areInOrder([one, ...others])) return this.#merge([one, ...others]);
    const merged: Merged[] = [];
    for (const { observation, check } of steps) {
      try {
        merged.push(await this.mergeState(observation, check));
      } catch (error) {
        if (merged.length === 0) throw error;
        // Each merge is a write of its own here: what the first ones came to is said once, and would be lost.
        break;
      }
    }
    return merged;
  }

  async #merge(steps: MergeSteps): Promise<readonly [Merged, ...Merged[]]> {
    const said = together(steps);
    const written = await this.#write(steps, said);
    const { each, apart } = written;
    const { after } = lastOf(each);
    await this.#storeApplicants(after);
    await this.#storeEffects(after);
    await this.#dropEntityIds(written, said);
    await this.#indexFurtherIds(written, said);
    if (apart.length === 0) return each;
    const whole = (merged: Merged): Merged => {
      const effects = allEffects(apart, merged.after.effects);
      return { ...merged, after: { ...merged.after, effects } };
    };
    const [first, ...others] = each;
    return [whole(first), ...others.map(whole)];
  }

  async #write(steps: MergeSteps, said: Together): Promise<Written> {
    const key = applicationKey(said.observation.applicationToken);
    const what = "Merging into an application's state";
    // The item as it was before.
    let attempt = await this.#table.update(what, key, fastMerge(said), "ALL_OLD");
    if (attempt.isDone) {
      const { item: over } = attempt;
      const indexed = indexedAfterFast(over, said.observation);
      return { each: mergedFrom(over, steps), apart: [], over, indexed };
    }
    for (let left = MERGE_ATTEMPTS; left > 0; left -= 1) {
      const { item } = attempt;
      if (!isThere(item)) throw new TransientError(`${what} failed: its item is gone.`);
      const before = applicationStateOf(item);
      const apart = await this.#effectsApart(before, steps);
      const [first, ...others] = steps.map((step) => withoutEffectIn(apart, step));
      const heard: MergeSteps = [first ?? steps[0], ...others];
      const each = mergedInOrder(before, heard);
      const merged = await this.#withStoredApplicants(before, lastOf(each).after);
      const whole = each.map((one, index) => ({ ...(heard[index] ?? heard[0]), ...one }));
      const update = slowMerge({ item, steps: whole, merged });
      const written = { apart, over: item, indexed: indexedIdOf(merged) ?? storedIdIn(item) };
      if (update === null) return { ...written, each };
      attempt = await this.#table.update(what, key, update, "ALL_OLD");
      if (attempt.isDone) return { ...written, each: mergedFrom(attempt.item, heard) };
    }
    throw new TransientError(`${what} lost against ${MERGE_ATTEMPTS} other merges in a row.`);
  }

  /** The effects that are stored apart, if a number of these may be among them. */
  async #effectsApart(
    { applicationToken, effects }: ApplicationState,
    steps: MergeSteps,
  ): Promise<readonly string[]> {
    const isTriedAgain = steps.some(({ observation: { effect } }) => effect?.isFirstTry === false);
    if (!isTriedAgain || effects.apart === 0) return [];
    const items = await Array.fromAsync(
      this.#table.query("Reading the numbers of effects", {
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :from)",
        ExpressionAttributeValues: {
          ":pk": applicationKey(applicationToken).pk,
          ":from": EFFECTS_FROM,
        },
        ConsistentRead: true,
      }),
    );
    return items.flatMap((item) => effectsOf(item)).slice(0, effects.apart);
  }

  /**
   * Indexes the ids that a merge has brought, each by an item of its own, once in the life of most applications. A retry
   * does so again, since the try before may have been cut off after its merge.
   */
  async #indexFurtherIds(
    { each, over, indexed }: Written,
    { observation: { entityIds }, isFirstTry }: Together,
  ): Promise<void> {
    const [{ before }] = each;
    const { after } = lastOf(each);
    const idsIn = (state: ApplicationState) => idsOf(state, this.#indexesEntities);
    const known =
      before === null || !isFirstTry ? null : { ids: idsIn(before), indexed: storedIdIn(over) };
    // Of very many entities the state keeps some, and each event names its own.
    const named = { ...after, entityIds: { ...entityIds, ...after.entityIds } };
    const brought = Object.entries(broughtIds(known, { ids: idsIn(named), indexed }));
    if (brought.length === 0) return;
    const { applicationToken } = after;
    const keys = brought.map(([name, externalId]) => ({
      key: externalIdKey(applicationToken, name),
      externalId,
    }));
    const what = "Indexing an external id";
    await Promise.all(
      keys.map(({ key, externalId }) => this.#table.put(what, { ...key, externalId })),
    );
    // Somebody may have had the application forgotten meanwhile, and erased all else.
    const state = await this.readState(applicationToken);
    if (state !== null && state.forgottenAt === null) return;
    await Promise.all(keys.map(({ key }) => this.#table.delete(what, key)));
  }

  /** Removes the ids of entities that are not kept, of an application with very many. */
  async #dropEntityIds({ each, over }: Written, { observation }: Together): Promise<void> {
    const { applicationToken, entityIds, forgottenAt } = lastOf(each).after;
    const stored = [
      ...Object.keys(over).filter((name) => name.startsWith(ENTITY_ID_PREFIX)),
      ...Object.keys(observation.entityIds).map(entityIdAttribute),
    ];
    const kept = new Set(Object.keys(entityIds).map(entityIdAttribute));
    const dropped = new Set(stored.filter((name) => !kept.has(name)));
    if (dropped.size === 0 || forgottenAt !== null) return;
    const removal = new DynamoUpdate();
    for (const name of dropped) removal.remove(name);
    removal.requirePresent("pk");
    const what = "Dropping the ids of entities";
    await this.#table.update(what, applicationKey(applicationToken), removal);
  }

  /**
   * Moves the oldest numbers into an item of their own, once there are too many. First they are stored, then they are
   * removed, unless somebody has merged since; the next merge tries again.
   */
  async #storeEffects({ applicationToken, effects }: ApplicationState): Promise<void> {
    const { apart, ids } = effects;
    if (ids.length <= EFFECTS.most) return;
    const leaving = effectsKey(applicationToken, apart + 1);
    const moved = { ...leaving, ids: ids.slice(0, EFFECTS.moved) };
    await this.#table.put("Storing the numbers of effects", moved);
    const removal = new DynamoUpdate();
    removal.set("effects", ids.slice(EFFECTS.moved));
    removal.set("effectsApart", apart + EFFECTS.moved);
    // A list only ever grows, until its first ones leave: these two say that it is this list.
    removal.requireLength("effects", ids.length);
    removal.requireAbsentOr("effectsApart", "=", apart);
    const key = applicationKey(applicationToken);
    const what = "Moving the numbers of effects";
    const { isDone, item } = await this.#table.update(what, key, removal, "ALL_OLD");
    if (!isDone && "forgottenAt" in item) await this.#table.delete(what, leaving);
  }

  /**
   * Puts the register of an applicant who has left the item where his others are: a late event must not
   * bring him back, and another one out.
   */
  async #withStoredApplicants(
    before: ApplicationState,
    merged: ApplicationState,
  ): Promise<ApplicationState> {
    const { applicationToken, applicantsStoredUntil, entities } = merged;
    if (applicantsStoredUntil === null) return merged;
    const stored = Object.entries(entities).filter(
      ([token, { stamp }]) => !(token in before.entities) && stamp <= applicantsStoredUntil,
    );
    if (stored.length === 0) return merged;
    await Promise.all(
      stored.map(async ([token, register]) => {
        // Nearly always his register is newer: a read says so at a fifth of the price of a refused write.
        const kept = await this.readApplicant(applicationToken, token);
        if (kept !== null && kept.stamp >= register.stamp) return;
        await this.#storeApplicant(applicationToken, token, register);
      }),
    );
    const left = new Set(stored.map(([token]) => token));
    const staying = Object.entries(entities).filter(([token]) => !left.has(token));
    return { ...merged, entities: Object.fromEntries(staying) };
  }

  async #storeApplicant(
    applicationToken: string,
    entityToken: string,
    register: EntityRegister,
  ): Promise<void> {
    const update = new DynamoUpdate();
    for (const [name, value] of Object.entries(present({ ...register }))) update.set(name, value);
    if (register.outcome === null) update.remove("outcome");
    update.requireAbsentOr("stamp", "<", register.stamp);
    const key = applicantKey(applicationToken, entityToken);
    await this.#table.update("Storing an applicant", key, update);
  }

  /**
   * Moves the applicants that moved last into items of their own, once there are too many: the
   * application's item must not grow with them. First they are stored, then they are removed, unless
   * one of them has moved since; the next merge tries again.
   */
  async #storeApplicants({
    applicationToken,
    entities,
    applicantsStoredUntil,
  }: ApplicationState): Promise<void> {
    const registers = Object.entries(entities);
    if (registers.length <= APPLICANTS.most) return;
    const leaving = registers
      .toSorted(([, one], [, other]) => (one.stamp < other.stamp ? -1 : 1))
      .slice(0, Math.min(registers.length - APPLICANTS.kept, APPLICANTS.mostMoved));
    await Promise.all(
      leaving.map(([token, register]) => this.#storeApplicant(applicationToken, token, register)),
    );

    const removal = new DynamoUpdate();
    for (const [token, { stamp }] of leaving) {
      removal.remove(entityAttribute(token));
      removal.requireStamp(entityAttribute(token), stamp);
    }
    const newest = leaving.at(-1)?.[1].stamp ?? "";
    // Late events bring registers that are older than what left before.
    const until = newest > (applicantsStoredUntil ?? "") ? newest : applicantsStoredUntil;
    removal.set("applicantsStoredUntil", until);
    removal.requireAbsentOr("applicantsStoredUntil", "<=", until);
    await this.#table.update("Moving applicants", applicationKey(applicationToken), removal);
  }

  async recordFailure(failure: FailureRecord): Promise<void> {
    const { applicationToken, eventId, ...attributes } = failure;
    const key = failureKey(applicationToken, eventId);
    await this.#table.put("Recording a failure", { ...key, eventId, ...attributes });
    // Another copy of the message may have found the application forgotten, and erased all else.
    const state = await this.readState(applicationToken);
    if (state !== null && state.forgottenAt !== null) {
      await this.clearFailure(applicationToken, eventId);
    }
  }

  async hasFailure(applicationToken: string, eventId: string): Promise<boolean> {
    const key = failureKey(applicationToken, eventId);
    return (await this.#table.read("Reading a failure", key)) !== null;
  }

  async clearFailure(applicationToken: string, eventId: string): Promise<void> {
    await this.#table.delete("Clearing a failure", failureKey(applicationToken, eventId));
  }
}

/** How a merge was written. */
interface Written {
  /** What each observation came to. */
  readonly each: readonly [Merged, ...Merged[]];
  /** The effects that are stored apart, where they had to be read. */
  readonly apart: readonly string[];
  /** The item that it was written over. */
  readonly over: Item;
  /** The id of the application's own item in the index `external` since then. */
  readonly indexed: string | null;
}

function placeOf({ applicationToken, eventId, at }: EventPlace) {
  return eventKey(applicationToken, eventId, at);
}

const MARK_ATTRIBUTES = ["event", "lookAlikes", "webhooks"];

/** What an update has made of the item that it was written over: its condition made it the pure merge. */
function mergedFrom(over: Item, steps: MergeSteps): readonly [Merged, ...Merged[]] {
  return mergedInOrder(isThere(over) ? applicationStateOf(over) : null, steps);
}

/** The observation without its effect, where the effect has a number that is stored apart. */
function withoutEffectIn(
  apart: readonly string[],
  { observation: { effect, ...observation }, check }: MergeStep,
): MergeStep {
  const isKnown = effect === undefined || apart.includes(effectIdOf(effect.eventId));
  return { observation: isKnown ? observation : { ...observation, effect }, check };
}

/** Whether an update met an item: what it returns is empty where there was none. */
function isThere(item: Item): boolean {
  return "pk" in item;
}
