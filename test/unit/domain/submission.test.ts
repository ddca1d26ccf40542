import { describe, expect, test } from "vitest";

import { parseSubmission } from "../../../lambdas/domain/event/submission.ts";
import { fixtureOf } from "../../support/parsed-webhook.ts";

const HEARD = 1_760_000_100_000;
const CREATED = 1_760_000_000_000;

function submissionOf(detail: Readonly<Record<string, unknown>>) {
  const read = parseSubmission({ journey_application_token: "JA-1", ...detail }, HEARD);
  if ("reason" in read) throw new Error(read.reason);
  return read.submission;
}

describe("a submission", () => {
  test("is Alloy's answer to Create as it is", () => {
    const answer = JSON.parse(fixtureOf("alloy-api/create-application.json"));

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

  test.each([null, [], {}, "", " ", true])("takes %j in every other field for nothing", (value) => {
    const fields = ["journey_token", "created_at", "_embedded", "external_group_id"];

    expect(submissionOf(Object.fromEntries(fields.map((name) => [name, value])))).toEqual(
      submissionOf({}),
    );
  });

  test.each([
    [7, "7"],
    ["..", null],
  ])("takes %j for the Journey's token %j, and for no time", (value, journeyToken) => {
    expect(submissionOf({ journey_token: value, created_at: value, _embedded: value })).toEqual({
      ...submissionOf({}),
      journeyToken,
    });
  });

  test.each([CREATED, String(CREATED / 1_000)])("may name its time as %j", (created_at) => {
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

  test.each([undefined, null, "", "..", 7, "Ada Lovelace"])(
    "is refused when its application is %j, without a word of it",
    (token) => {
      expect(parseSubmission({ journey_application_token: token }, HEARD)).toEqual({
        reason: "the submission lacks or mistypes: journey_application_token",
      });
    },
  );

  test.each([null, undefined, 7, "text", [], true])("is refused when it is %j", (detail) => {
    expect(parseSubmission(detail, HEARD)).toHaveProperty("reason");
  });
});
