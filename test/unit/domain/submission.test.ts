import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { parseSubmission } from "../../../lambdas/domain/event/submission.ts";

const HEARD = 1_760_000_100_000;
const CREATED = 1_760_000_000_000;

function submissionOf(detail: Readonly<Record<string, unknown>>) {
  const read = parseSubmission({ journey_application_token: "JA-1", ...detail }, HEARD);
  if ("reason" in read) throw new Error(read.reason);
  return read.submission;
}

describe("a submission", () => {
  test("is Alloy's answer to Create as it is", () => {
    const answer = JSON.parse(
      readFileSync(
        new URL("../../fixtures/alloy-api/create-application.json", import.meta.url),
        "utf8",
      ),
    );

    expect(parseSubmission(answer, HEARD)).toMatchObject({
      submission: {
        applicationToken: answer.journey_application_token,
        journeyToken: answer._embedded.journey.journey_token,
        submittedAt: answer.created_at,
      },
    });
  });

  test("needs the application's token and nothing else", () => {
    expect(submissionOf({})).toEqual({
      applicationToken: "JA-1",
      journeyToken: null,
      submittedAt: HEARD,
      externalIds: { group: null, partner: null, application: null },
    });
  });

  test.each([
    ["null", null],
    ["a number", 7],
    ["a list", []],
    ["an object", {}],
    ["empty", ""],
    ["white space", " "],
    ["true", true],
    ["a path", ".."],
  ])("falls back for every other field that is %s", (name, value) => {
    const submission = submissionOf({
      journey_token: value,
      created_at: value,
      _embedded: value,
      ...(name !== "a number" && name !== "a path" && { external_group_id: value }),
    });

    expect(submission).toMatchObject({ submittedAt: HEARD, externalIds: { group: null } });
    expect(submission.journeyToken).toBe(name === "a number" ? "7" : null);
  });

  test.each([
    ["milliseconds", CREATED],
    ["milliseconds as text", String(CREATED)],
    ["seconds", CREATED / 1_000],
    ["seconds as text", String(CREATED / 1_000)],
    ["ISO 8601", new Date(CREATED).toISOString()],
  ])("may name its time in %s", (_, created_at) => {
    expect(submissionOf({ created_at }).submittedAt).toBe(CREATED);
  });

  test.each([
    [true, "sandbox"],
    ["true", "sandbox"],
    [false, "live"],
    ["FALSE", "live"],
    [null, null],
    [undefined, null],
    ["", null],
    [1, null],
  ])("says its environment by its flag: %j is %s", (sandbox, environment) => {
    const detail = { journey_application_token: "JA-1", sandbox };

    expect(parseSubmission(detail, HEARD)).toMatchObject({ environment });
  });

  test("may name ids by numbers", () => {
    expect(submissionOf({ external_application_id: 1_001 }).externalIds.application).toBe("1001");
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["empty", ""],
    ["a path", ".."],
    ["a number", 7],
    ["somebody's name", "Ada Lovelace"],
  ])("is refused when its application is %s, without a word of it", (_, token) => {
    expect(parseSubmission({ journey_application_token: token }, HEARD)).toEqual({
      reason: "the submission lacks or mistypes: journey_application_token",
    });
  });

  test.each([null, undefined, 7, "text", [], true])("is refused when it is %j", (detail) => {
    expect(parseSubmission(detail, HEARD)).toHaveProperty("reason");
  });
});
