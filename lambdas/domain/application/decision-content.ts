import { DECISION } from "../../settings/limits.ts";
import type { DecisionSettings } from "../../settings/poller-settings.ts";
import { escapeForSqs } from "../event/envelope.ts";
import { isJsonObject, objectIn } from "../event/external-json.ts";
import type { JsonObject } from "../event/external-json.ts";
import { FreeTexts, readText } from "../event/external-text.ts";

/** A reason of a decision. */
export interface OutcomeReason {
  readonly name: string;
  /** Alloy's own word; null: none. */
  readonly type: string | null;
  /** The applicant has to be told it, where a law says so. */
  readonly adverseAction: boolean;
}

/** What Alloy's answer says of a decision, as far as configuration asks for it. */
export interface DecisionContent {
  /** Those of adverse action first. Null: nobody asked for them, or the answer does not have them; so all of these. */
  readonly outcomeReasons: readonly OutcomeReason[] | null;
  readonly tags: readonly string[] | null;
  /** By name; one that the answer does not have is absent. */
  readonly outputAttributes: JsonObject | null;
  /** What was too large (`DECISION.mostBytes`); null: nothing was. */
  readonly omitted: OmittedContent | null;
}

export interface OmittedContent {
  /** How many. */
  readonly outcomeReasons: number;
  readonly tags: number;
  /** Their names. */
  readonly outputAttributes: readonly string[];
  /** Names of reasons, and tags, that were cut. */
  readonly cutTexts: number;
}

/**
 * Reads the decision in an answer. Lenient as every boundary: a field of another type than Alloy's specification gives is
 * read where it is unambiguous, and counts as absent otherwise.
 *
 * What does not fit `DECISION.mostBytes` is left out and named: first output attributes, the last one in configuration
 * first, then tags, then reasons, those of adverse action last.
 */
export function decisionContentIn(
  answer: JsonObject,
  settings: Omit<DecisionSettings, "dashboardUrl">,
): DecisionContent {
  const output = objectIn(answer, "terminal_reconciliation_output");
  const texts = new FreeTexts();
  const reasons = settings.outcomeReasons ? reasonsIn(output["outcome_reasons"], texts) : null;
  const tags = settings.tags ? tagsIn(output["tags"], texts) : null;
  const outputs = outputsIn(output, answer, settings.outputAttributes);

  let left: number = DECISION.mostBytes;
  const fits = (value: unknown) => {
    const bytes = bytesOf(value);
    if (bytes > left) return false;
    left -= bytes;
    return true;
  };
  const keptReasons = reasons?.filter(fits) ?? null;
  const keptTags = tags?.filter(fits) ?? null;
  const keptOutputs = outputs?.filter(fits) ?? null;
  const isKept = (name: string) => keptOutputs?.some(([kept]) => kept === name) ?? false;
  const omitted = {
    outcomeReasons: (reasons?.length ?? 0) - (keptReasons?.length ?? 0),
    tags: (tags?.length ?? 0) - (keptTags?.length ?? 0),
    outputAttributes: (outputs ?? []).flatMap(([name]) => (isKept(name) ? [] : [name])),
    cutTexts: texts.cut,
  };
  const isUncut =
    omitted.outcomeReasons + omitted.tags + omitted.outputAttributes.length + omitted.cutTexts ===
    0;
  return {
    outcomeReasons: keptReasons,
    tags: keptTags,
    outputAttributes: keptOutputs && Object.fromEntries(keptOutputs),
    omitted: isUncut ? null : omitted,
  };
}

/** Whether the answer has all that configuration asks for. */
export function isWhole(
  { outcomeReasons, tags, outputAttributes }: DecisionContent,
  settings: Omit<DecisionSettings, "dashboardUrl">,
): boolean {
  const isOutputWhole = settings.outputAttributes.length === 0 || outputAttributes !== null;
  return (
    (!settings.outcomeReasons || outcomeReasons !== null) &&
    (!settings.tags || tags !== null) &&
    isOutputWhole
  );
}

function reasonsIn(value: unknown, texts: FreeTexts): readonly OutcomeReason[] | null {
  if (!Array.isArray(value)) return null;
  const reasons = value.flatMap((element: unknown): readonly OutcomeReason[] => {
    const { name: said, type: kind = null } = isJsonObject(element) ? element : { name: element };
    const name = texts.text(said);
    if (name === null) return [];
    const type = texts.text(kind);
    return [{ name, type, adverseAction: isAdverse(type) }];
  });
  return distinct(reasons).toSorted(
    (one, other) => Number(other.adverseAction) - Number(one.adverseAction),
  );
}

/** In any spelling: a reason that a law wants named must not be taken for another one. */
function isAdverse(type: string | null): boolean {
  const word =
    type
      ?.trim()
      .toLowerCase()
      .replaceAll(/[\s_-]+/g, "_") ?? "";
  return word === "adverse_action" || word === "adverseaction";
}

function tagsIn(value: unknown, texts: FreeTexts): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  const tags = value.flatMap((element: unknown) => {
    const tag = texts.text(isJsonObject(element) ? element["name"] : element);
    return tag === null ? [] : [tag];
  });
  return distinct(tags);
}

/** Alloy's example of an answer has custom output attributes at its top level too. */
function outputsIn(
  output: JsonObject,
  answer: JsonObject,
  names: readonly string[],
): readonly (readonly [string, unknown])[] | null {
  const attributes = output["output_attributes"];
  const places = [attributes, answer].filter((place) => isJsonObject(place));
  const found = names.flatMap((name) => {
    const place = places.find((one) => Object.hasOwn(one, name));
    return place === undefined ? [] : [[name, place[name] ?? null] as const];
  });
  return names.length === 0 || (found.length === 0 && !isJsonObject(attributes)) ? null : found;
}

/** Alloy says the same reason for each applicant. */
function distinct<Value>(values: readonly Value[]): readonly Value[] {
  const seen = new Map(values.map((value) => [JSON.stringify(value), value]));
  return [...seen.values()];
}

/** As it stands on the bus, with its comma. */
function bytesOf(value: unknown): number {
  return new TextEncoder().encode(escapeForSqs(JSON.stringify(value))).length + 1;
}

/** The page of Alloy's dashboard about an application; null: configuration names none. */
export function dashboardUrlOf(
  template: string | null,
  { applicationToken, journeyToken }: { applicationToken: string; journeyToken: string | null },
): string | null {
  if (template === null) return null;
  return template
    .replaceAll("{applicationToken}", encodeURIComponent(applicationToken))
    .replaceAll("{journeyToken}", encodeURIComponent(readText(journeyToken) ?? ""));
}
