import * as v from "valibot";

import type { EnvelopeKind } from "../../domain/event/envelope.ts";
import { TransientError } from "../../domain/errors.ts";
import type { Gap } from "../../domain/reconciliation/gap.ts";
import type { InvestigationEvent } from "../../domain/event/investigation-event.ts";
import { joinReport } from "../../domain/reconciliation/investigation.ts";
import type {
  InvestigationReport,
  KnownInvestigation,
} from "../../domain/reconciliation/investigation.ts";
import type {
  Investigations,
  ListCursor,
  OpenInvestigationGap,
} from "../../domain/polling/polling-ports.ts";
import type { InvestigationFailure, InvestigationStore } from "../../domain/ports.ts";
import { GAP_STAGES } from "../../settings/metrics.ts";
import { TABLE } from "../../settings/names.ts";
import { investigationKey } from "./application-item.ts";
import { FailureSchema, GapSchema } from "./dynamo-due-applications.ts";
import type { DynamoDbOperations } from "../aws-operations.ts";
import { DynamoTable } from "./dynamo-table.ts";
import type { Item, Key } from "./dynamo-table.ts";
import { DynamoUpdate } from "./dynamo-update.ts";

/** Attempts of a join; each refusal means that somebody else's has succeeded. */
const JOIN_ATTEMPTS = 10;

/** Investigations in gap, apart from the applications of `GAP`. */
export const INVESTIGATION_GAP_PARTITION = "GAP#INVESTIGATIONS";

const CURSOR_KEY = { pk: "POLLER", sk: "INVESTIGATIONS" };

/** Attribute of one failure; one attribute each, so that a write can set it alone. */
export const FAILURE_PREFIX = "failure#";

export const ReportSchema = v.object({
  eventId: v.string(),
  status: v.string(),
  at: v.number(),
  isTimeLatest: v.boolean(),
  origin: v.picklist(["webhook", "poll", "submission", "replay"]),
  late: v.boolean(),
});

const ItemSchema = v.object({
  reports: v.nullish(v.array(ReportSchema), []),
  revision: v.nullish(v.number(), 0),
  gap: v.nullish(GapSchema, null),
});

const OpenGapSchema = v.object({
  pk: v.string(),
  gapSince: v.number(),
  gapStage: v.picklist(GAP_STAGES),
});

const CursorSchema = v.object({
  since: v.number(),
  readTo: v.number(),
  rest: v.nullish(v.object({ page: v.number(), beganAt: v.number(), lastAt: v.number() }), null),
});

/** Investigations on DynamoDB: one item each, with its steps, its failures and its gap. */
export class DynamoInvestigations implements InvestigationStore, Investigations {
  readonly #table: DynamoTable;

  constructor(client: DynamoDbOperations, tableName: string) {
    this.#table = new DynamoTable(client, tableName);
  }

  async join(event: InvestigationEvent, origin: EnvelopeKind): Promise<InvestigationReport> {
    const { investigationToken } = event;
    const key = investigationKey(investigationToken);
    for (let left = JOIN_ATTEMPTS; left > 0; left -= 1) {
      const { reports, revision } = v.parse(
        ItemSchema,
        (await this.#table.read("Reading an Investigation", key)) ?? {},
      );
      const joined = joinReport({ reports }, event, origin);
      if (joined.reports === reports) return joined.report;
      const newest = joined.reports.at(-1);
      const update = new DynamoUpdate();
      update.set("investigationToken", investigationToken);
      update.set("reports", joined.reports);
      update.set("revision", revision + 1);
      // For people who read the table.
      update.set("status", newest?.status);
      if (revision === 0) update.requireAbsent("revision");
      else update.requireEqual("revision", revision);
      if ((await this.#table.update("Joining a step of an Investigation", key, update)).isDone) {
        return joined.report;
      }
    }
    throw new TransientError(
      `Joining a step of an Investigation lost against ${JOIN_ATTEMPTS} others in a row.`,
    );
  }

  async recordFailure({ investigationToken, ...failure }: InvestigationFailure): Promise<void> {
    const update = new DynamoUpdate();
    update.set(`${FAILURE_PREFIX}${failure.eventId}`, failure);
    update.set("gapPk", INVESTIGATION_GAP_PARTITION);
    update.setIfAbsent("gapSince", failure.failedAt);
    update.setIfAbsent("gapStage", "failed-processing");
    const key = investigationKey(investigationToken);
    await this.#table.update("Recording a failure of an Investigation", key, update);
  }

  async clearFailure(investigationToken: string, eventId: string): Promise<void> {
    const attribute = `${FAILURE_PREFIX}${eventId}`;
    const update = new DynamoUpdate();
    update.remove(attribute);
    // Otherwise it would make an item of nothing.
    update.requirePresent(attribute);
    const key = investigationKey(investigationToken);
    await this.#table.update("Clearing a failure of an Investigation", key, update);
  }

  async look(investigationToken: string): Promise<KnownInvestigation | null> {
    const item = await this.#query(investigationKey(investigationToken));
    if (item === null) return null;
    const { reports, gap } = v.parse(ItemSchema, item);
    const failures = Object.entries(item)
      .filter(([name]) => name.startsWith(FAILURE_PREFIX))
      .map(([, failure]) => v.parse(FailureSchema, failure));
    return { investigationToken, reports, failures, gap };
  }

  async keepGap(investigationToken: string, gap: Gap | null): Promise<void> {
    const update = new DynamoUpdate();
    const attributes = {
      gap,
      gapPk: gap === null ? null : INVESTIGATION_GAP_PARTITION,
      gapSince: gap?.since ?? null,
      gapStage: gap?.stage ?? null,
    };
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null) update.remove(name);
      else update.set(name, value);
    }
    const key = investigationKey(investigationToken);
    await this.#table.update("Keeping the gap of an Investigation", key, update);
  }

  async openGaps(): Promise<readonly OpenInvestigationGap[]> {
    const gaps: OpenInvestigationGap[] = [];
    const items = this.#table.query("Listing open gaps of Investigations", {
      IndexName: TABLE.gapIndex,
      KeyConditionExpression: "gapPk = :gap",
      ExpressionAttributeValues: { ":gap": INVESTIGATION_GAP_PARTITION },
    });
    for await (const item of items) {
      const { pk, gapSince: since, gapStage: stage } = v.parse(OpenGapSchema, item);
      const investigationToken = pk.slice(investigationKey("").pk.length);
      gaps.push({ investigationToken, since, stage });
    }
    return gaps;
  }

  async cursor(): Promise<ListCursor | null> {
    const item = await this.#query(CURSOR_KEY);
    return item === null ? null : v.parse(CursorSchema, item);
  }

  async keepCursor({ since, readTo, rest }: ListCursor): Promise<void> {
    const update = new DynamoUpdate();
    update.set("since", since);
    update.set("readTo", readTo);
    if (rest === null) update.remove("rest");
    else update.set("rest", rest);
    // Two runs may end out of order.
    update.requireAbsentOr("readTo", "<=", readTo);
    await this.#table.update("Keeping how far Investigations are read", CURSOR_KEY, update);
  }

  async #query({ pk, sk }: Key): Promise<Item | null> {
    const items = this.#table.query("Reading what is known of Investigations", {
      KeyConditionExpression: "pk = :pk AND sk = :sk",
      ExpressionAttributeValues: { ":pk": pk, ":sk": sk },
      // A step that was joined a moment ago must not be queued again.
      ConsistentRead: true,
    });
    for await (const item of items) return item;
    return null;
  }
}
