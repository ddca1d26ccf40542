import { parseAlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import type { AlloyApplication } from "../../../lambdas/domain/reconciliation/alloy-application.ts";
import type { Version } from "./answers.ts";
import type { TrueApplication } from "./application.ts";

/** What Get answers at this time; null before Alloy knows the application. */
export function versionAt(application: TrueApplication, now: number): Version | null {
  return application.versions.findLast(({ at }) => at <= now) ?? null;
}

/** The body of the answer, written once. */
export function textOf(application: TrueApplication, version: Version): string {
  version.text ??= written(application, version);
  return version.text;
}

function written(application: TrueApplication, { response }: Version): string {
  const count = response._embedded.events.length;
  // Each version repeats the events of the one before it.
  const events = application.events.slice(0, count).map((event) => {
    event.json.listed ??= JSON.stringify(event.listed);
    return event.json.listed;
  });
  const rest = JSON.stringify({ ...response, _embedded: { ...response._embedded, events: [] } });
  return rest.replace('"events":[]', () => `"events":[${events.join(",")}]`);
}

/** The answer as the code reads it, read once; null: it cannot read it. */
export function parsedOf(application: TrueApplication, version: Version): AlloyApplication | null {
  if (version.parsed !== null) return version.parsed;
  const { token: applicationToken, journeyToken } = application;
  const asked = { applicationToken, journeyToken };
  const parsed = parseAlloyApplication(textOf(application, version), asked);
  if ("reason" in parsed) return null;
  version.parsed = parsed.application;
  return parsed.application;
}
