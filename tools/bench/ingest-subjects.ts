import { join } from "node:path";

import { BUNDLE } from "../../lambdas/settings/names.ts";

import { bundle } from "./bundle.ts";
import type { Bundle } from "./bundle.ts";

/** What is measured side by side: compositions that receive a webhook, and the floor under them all. */
const SUBJECTS = {
  floor: { label: "empty handler", entry: "tools/bench/subjects/ingest-floor.ts" },
  ingest: { label: "this ingest", entry: "lambdas/ingest/index.ts" },
  aws4fetch: { label: "with aws4fetch", entry: "tools/bench/subjects/ingest-aws4fetch.ts" },
  trimmed: {
    label: "with the SDK, trimmed",
    entry: "tools/bench/subjects/ingest-sdk.ts",
    alias: BUNDLE.alias,
  },
  plain: { label: "SDK and Powertools", entry: "tools/bench/subjects/ingest-plain.ts" },
} as const;

export type SubjectId = keyof typeof SUBJECTS;

/** In the order of the table. */
export const SUBJECT_IDS: readonly SubjectId[] = [
  "floor",
  "ingest",
  "aws4fetch",
  "trimmed",
  "plain",
];

export function labelOf(id: SubjectId): string {
  return SUBJECTS[id].label;
}

/** One value for each subject, made one after the other. */
export async function bySubject<Value>(
  make: (id: SubjectId) => Value | Promise<Value>,
): Promise<Record<SubjectId, Value>> {
  return {
    floor: await make("floor"),
    ingest: await make("ingest"),
    aws4fetch: await make("aws4fetch"),
    trimmed: await make("trimmed"),
    plain: await make("plain"),
  };
}

export function bundleAll(folder: string): Promise<Record<SubjectId, Bundle>> {
  return bySubject((id) => {
    const { entry, ...subject } = SUBJECTS[id];
    return bundle(entry, join(folder, `${id}.mjs`), "alias" in subject ? subject.alias : {});
  });
}
