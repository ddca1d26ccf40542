import { describe, expect, it } from "vitest";
import { withTargets } from "../../tools/template/variants.ts";
import { sentenceAbout, sentencesOf, withSetting } from "../support/stages.ts";

const LIST = "routes.approved.targets";
const SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:core-banking-AbCdEf";
const WITHOUT_CREDENTIALS =
  "an https URL without a user, a password, a query and a fragment: what authenticates stands in a secret";
const AN_ARN =
  "the whole ARN of a secret of Secrets Manager, with the six characters at its end: no credential stands in the configuration";

/** What is said of one more target of the route. */
function said(target: unknown, route = "approved"): string {
  return sentencesOf(withSetting(withTargets, `routes.${route}.targets.12`, target));
}

/** The sentence about a place whose value is not repeated. */
function unshown(where: string, wanted: string): string {
  return `Stage "production", ${where}: what is not repeated here was given, but it must be ${wanted}; correct it in lib/stages.ts.`;
}

const sentence = (where: string, given: unknown, wanted: string) =>
  sentenceAbout(where, given, wanted, "production");

const http = (change: object) => ({
  name: "more",
  http: { url: "https://more.example.com", auth: { basic: { secret: SECRET } }, ...change },
});

describe("a target of a route that cannot be meant is refused in a sentence", () => {
  it("takes every kind as it is", () => {
    expect(sentencesOf(withTargets)).toBe("");
  });

  it.each([
    ["name", "Ledger", "a name in lower-case words with hyphens"],
    ["name", "queue", "another name: queue, target-arn, hold are taken"],
    ["name", "ledger", "a name that no other target of the route has"],
    [
      "arn",
      "arn:aws:s3:::a-bucket",
      "the ARN of one of sqs, sns, lambda, events, states, kinesis, firehose",
    ],
    [
      "arn",
      "arn:aws:sns:us-east-1:123456789012:letters.fifo",
      "a standard topic: EventBridge gives a message to a FIFO topic no message group",
    ],
    [
      "arn",
      "arn:aws:sqs:us-east-1:123456789012:accounts",
      "another target: the route delivers to this one already, and it would get each event twice",
    ],
    [
      // What the route has as its targetArn.
      "arn",
      "arn:aws:lambda:us-east-1:123456789012:function:cards",
      "another target: the route delivers to this one already, and it would get each event twice",
    ],
    [
      "arn",
      "arn:aws:sqs:eu-west-1:123456789012:more",
      "in us-east-1 as routes.approved.targetArn: EventBridge delivers to another region by an event bus there alone",
    ],
    [
      "arn",
      "arn:aws:events:us-east-1:123456789012:event-bus/AlloyJourneyWebhooks-production",
      "another bus: this is the stack's own, and each event would come back to it",
    ],
    [
      "group",
      "application",
      "left out: a FIFO queue, whose name ends in .fifo, and a stream alone have groups",
    ],
    ["group", "person", '"application" or "event"'],
  ])("%s: %j must be %s", (field, given, wanted) => {
    const target = { name: "more", arn: "arn:aws:sqs:us-east-1:123456789012:more", [field]: given };

    expect(said(target)).toBe(sentence(`${LIST}.12.${field}`, given, wanted));
  });

  it("an application as the group of a route whose events may have none", () => {
    const target = {
      name: "more",
      arn: "arn:aws:sqs:us-east-1:123456789012:more.fifo",
      group: "application",
    };
    const wrong = withSetting(withTargets, "routes.other.targets.2", target);

    expect(sentencesOf(wrong)).toBe(
      sentence(
        "routes.other.targets.2.group",
        "application",
        '"event": an event of this route may name no application, and would be delivered nowhere',
      ),
    );
  });

  it.each([
    ["http://more.example.com", "an https URL: EventBridge sends nothing without TLS"],
    ["https://", "an https URL"],
    ["https://user:hunter2@more.example.com", WITHOUT_CREDENTIALS],
    ["https://more.example.com/?key=hunter2", WITHOUT_CREDENTIALS],
    [
      "https://more.example.com/*/events",
      "an https URL without *: EventBridge would ask for a value of it",
    ],
    ["https://localhost/events", "an https URL with a public name: EventBridge calls no address"],
    ["https://10.0.0.1/events", "an https URL with a public name: EventBridge calls no address"],
    ["https://[::1]/events", "an https URL with a public name: EventBridge calls no address"],
    [`https://more.example.com/${"a".repeat(2_048)}`, "2048 characters at most"],
  ])("the URL %s must be %s", (url, wanted) => {
    expect(said(http({ url }))).toBe(unshown(`${LIST}.12.http.url`, wanted));
  });

  it("the URL of a target that the route has already", () => {
    expect(said(http({ url: "https://core.example.com/events" }))).toContain(
      "another target: the route delivers to this one already, and it would get each event twice",
    );
  });

  it.each([
    [{ basic: { secret: "hunter2" } }, "basic.secret", AN_ARN],
    [{ basic: { secret: SECRET.slice(0, -7) } }, "basic.secret", AN_ARN],
    [
      { apiKey: { header: "x key", secret: SECRET } },
      "apiKey.header",
      "the name of a header, such as x-api-key",
    ],
    [
      { oauth: { tokenUrl: "http://login.example.com", secret: SECRET } },
      "oauth.tokenUrl",
      "an https URL: EventBridge sends nothing without TLS",
    ],
  ])("the credential %j is refused, and not repeated", (auth, where, wanted) => {
    expect(said(http({ auth }))).toBe(unshown(`${LIST}.12.http.auth.${where}`, wanted));
  });

  it.each([
    "hunter2",
    null,
    { basic: "hunter2" },
    { basic: { username: "alloy", password: "hunter2" } },
    { basic: { secret: SECRET, password: "hunter2" } },
    { bearer: "hunter2" },
    { apiKey: { header: "x-api-key", secret: SECRET, value: "hunter2" } },
  ])("a secret value in the configuration is refused and never printed: %#", (auth) => {
    const sentences = said(http({ auth }));

    expect(sentences).toContain(`${LIST}.12.http.auth`);
    expect(sentences).not.toContain("hunter2");
  });

  it.each([
    [0, "at least 1 call"],
    [301, "at most 300 calls: EventBridge's own limit"],
    [1.5, "a whole number of calls"],
  ])("a rate of %d must be %s", (perSecond, wanted) => {
    expect(said(http({ perSecond }))).toContain(wanted);
  });

  it("more rules than EventBridge has on a bus", () => {
    const many = Array.from({ length: 150 }, (_, index) => ({
      name: `t${index}`,
      arn: `arn:aws:sqs:us-east-1:123456789012:t-${index}`,
    }));

    expect(sentencesOf(withSetting(withTargets, LIST, many))).toMatch(
      /targets that need 3\d\d rules.+targets that need 300 rules at most/,
    );
  });
});
