import { CsvError, parse as parseCsv } from "csv-parse/sync";
import * as v from "valibot";

import { isJsonObject, objectIn } from "../../lambdas/domain/event/external-json.ts";
import { readRequiredToken, readToken } from "../../lambdas/domain/event/external-text.ts";
import { readTime } from "../../lambdas/domain/event/plausible-time.ts";

/** An application of the file, in the fields of a submission (docs/contracts.md#submissions). */
export interface AdoptedApplication {
  readonly token: string;
  readonly submission: Readonly<Record<string, unknown>>;
}

export interface AdoptionFile {
  readonly applications: readonly AdoptedApplication[];
  /** Lines that name an application once more. */
  readonly repeated: number;
  /** What is wrong, by line; nothing is adopted then. */
  readonly errors: readonly string[];
}

/** The spellings of a column, without case and with `_` for each other character, that we know of. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  journey_application_token: ["application_token", "journey_application", "token"],
  journey_token: ["journey"],
  created_at: ["created", "submitted_at"],
  external_group_id: ["group_id"],
  external_partner_id: ["partner_id"],
  external_application_id: ["external_id"],
};

const RecordsSchema = v.array(
  v.object({
    record: v.record(v.string(), v.string()),
    info: v.object({ lines: v.number() }),
  }),
);

interface Row {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads the file of an adoption: CSV with a line of column names, or one JSON object a line.
 *
 * @param journeyToken - of the applications whose line names no Journey; null: each must name one.
 */
export function readAdoptionFile(text: string, journeyToken: string | null): AdoptionFile {
  const { rows, errors: broken } = text.trimStart().startsWith("{")
    ? jsonRows(text)
    : csvRows(text);
  const errors = [...broken];
  const lineOf = new Map<string, number>();
  const applications: AdoptedApplication[] = [];
  let repeated = 0;
  for (const { line, fields } of rows) {
    const wrong = (what: string) => errors.push(`line ${line}: ${what}`);
    const token = readRequiredToken(fields["journey_application_token"]);
    if (token === null) {
      wrong(
        "journey_application_token is missing or no token; wanted: letters, digits, - and _, such as JA-…",
      );
      continue;
    }
    const journey = journeyOf(fields) ?? journeyToken;
    if (journey === null) {
      wrong(`journey_token is missing; name it in the file, or give --journey for all lines`);
      continue;
    }
    const createdAt = fields["created_at"];
    const isDated = createdAt !== undefined && createdAt !== null && createdAt !== "";
    const created = isDated ? readTime(createdAt) : null;
    if (isDated && created === null) {
      wrong("created_at is no time; wanted: ISO 8601 or epoch milliseconds");
      continue;
    }
    if (lineOf.has(token)) {
      repeated += 1;
      continue;
    }
    lineOf.set(token, line);
    applications.push({ token, submission: submissionOf({ token, journey, created }, fields) });
  }
  if (applications.length === 0 && errors.length === 0) errors.push("the file has no application");
  return { applications, repeated, errors };
}

function submissionOf(
  known: { readonly token: string; readonly journey: string; readonly created: number | null },
  fields: Row["fields"],
): AdoptedApplication["submission"] {
  const named = ["external_group_id", "external_partner_id", "external_application_id"].flatMap(
    (name) => {
      const value = fields[name];
      return value === undefined || value === null || value === "" ? [] : [[name, value] as const];
    },
  );
  return {
    journey_application_token: known.token,
    journey_token: known.journey,
    ...(known.created !== null && { created_at: known.created }),
    ...(fields["sandbox"] !== undefined && { sandbox: fields["sandbox"] }),
    ...Object.fromEntries(named),
  };
}

/** Alloy's own answer has the Journey's token only among what it embeds. */
function journeyOf(fields: Row["fields"]): string | null {
  const { journey_token: embedded } = objectIn(objectIn(fields, "_embedded"), "journey");
  return readToken(fields["journey_token"]) ?? readToken(embedded);
}

function jsonRows(text: string): { readonly rows: readonly Row[]; readonly errors: string[] } {
  const rows: Row[] = [];
  const errors: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const fields = objectOf(line);
    if (fields === null) errors.push(`line ${index + 1}: it is no JSON object`);
    else rows.push({ line: index + 1, fields });
  }
  return { rows, errors };
}

function objectOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const read: unknown = JSON.parse(line);
    return isJsonObject(read) ? read : null;
  } catch {
    return null;
  }
}

function csvRows(text: string): { readonly rows: readonly Row[]; readonly errors: string[] } {
  try {
    const read = parseCsv(text, {
      bom: true,
      columns: (names: readonly string[]) => names.map(columnOf),
      info: true,
      skipEmptyLines: true,
      trim: true,
    });
    const rows = v.parse(RecordsSchema, read).map(({ record, info }) => ({
      line: info.lines,
      fields: record,
    }));
    const [first] = rows;
    if (first !== undefined && first.fields["journey_application_token"] === undefined) {
      // The first line may be an application, and personal, if the names are missing.
      return { rows: [], errors: ["line 1: no column is named journey_application_token"] };
    }
    return { rows, errors: [] };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines } = error;
    // The library's own sentence repeats the line, and the line may be personal.
    const where = typeof lines === "number" ? `line ${lines}` : "the file";
    return { rows: [], errors: [`${where}: it is no CSV (${error.code})`] };
  }
}

function columnOf(name: string): string {
  const plain = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_");
  const [column] =
    Object.entries(COLUMNS).find(([own, others]) => own === plain || others.includes(plain)) ?? [];
  return column ?? plain;
}
