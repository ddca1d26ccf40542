import { describe, expect, it } from "vitest";
import { metricFiltersOf } from "../../../tools/strict-aws/metric-filters.ts";
import { parsePattern } from "../../../tools/strict-aws/filter-pattern.ts";

/**
 * The examples of AWS's guides, "Filter pattern syntax": "Using filter patterns to match terms in space-delimited log events",
 * and "Publishing dimensions with metrics".
 */
const APACHE =
  '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534';
const WORDS = [
  "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200",
  "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310",
  "WARNING 09/25/2014 12:00:02 Invalid user request",
  "ERROR 09/25/2014 12:00:02 Failed to process request",
];

describe("a pattern for fields with spaces between them", () => {
  it("gives each field its name; quotes and brackets hold one field", () => {
    const { match } = parsePattern(
      "[ip, server, username, timestamp, request, status_code, bytes > 1000]",
    );

    expect(Object.fromEntries(match(APACHE) ?? [])).toEqual({
      ip: "127.0.0.1",
      server: "Prod",
      username: "frank",
      timestamp: "10/Oct/2000:13:25:15 -0700",
      request: "GET /index.html HTTP/1.0",
      status_code: "404",
      bytes: "1534",
    });
  });

  it.each([
    ["[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", true],
    ["[..., request =*.html*, status_code = 4*, bytes]", true],
    ["[ip, ..., bytes > 1000]", true],
    ["[ip = 127.0.*, ...]", true],
    [
      "[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = 410, bytes]",
      true,
    ],
    ["[..., status_code = 400 || status_code = 410, bytes]", false],
    ['[..., request = "GET *", status_code != "4*", bytes]', false],
    ["[..., bytes > 1534]", false],
    ["[..., bytes >= 1534]", true],
    ["[..., bytes < 1e3]", false],
    ["[..., bytes <= +1534]", true],
    // A text is no number, so it is neither more nor less.
    ["[ip, user >= 0, ...]", false],
    ["[ip, user < 0, ...]", false],
    // AND before OR.
    ["[ip, user = Prod || user = x && user = y, ...]", true],
    // A line with fewer fields.
    ["[a, b, c, d, e, f, g, h]", false],
    ["[a, b, c, d, e, f, g, h, ...]", false],
  ])("%s matches the line of a web server: %s", (pattern, isMatched) => {
    expect(parsePattern(pattern).match(APACHE) !== null).toBe(isMatched);
  });

  it.each([
    ["[w1=ERROR, w2]", [3]],
    ["[w1=ERROR || w1=WARNING, w2]", [2, 3]],
    ["[w1!=ERROR && w1!=WARNING, w2]", [0, 1]],
  ])("%s takes of the guide's lines those that the guide says", (pattern, wanted) => {
    const { match } = parsePattern(pattern);

    expect(WORDS.flatMap((line, at) => (match(line) === null ? [] : [at]))).toEqual(wanted);
  });

  it("gives the last name the rest of the line, unless the pattern has an ellipsis", () => {
    expect(parsePattern("[w1, w2]").match("ERROR 12:00 Failed to process")?.get("w2")).toBe(
      "12:00 Failed to process",
    );
    expect(parsePattern("[w1, w2, ...]").match("ERROR 12:00 Failed")?.get("w2")).toBe("12:00");
  });

  it.each([
    "$.status",
    '{ $.status = "200" }',
    "ERROR",
    "[a, a]",
    "[a, ..., b, ...]",
    "[a = 1 && b = 2]",
    "[a = ]",
    "[a = 1 &&]",
    "[a > x]",
    '[a >= "1"]',
    "[a = %4[0-9]{2}%, b]",
    "[(a = 1)]",
    "[a = 1",
    '[a = "1]',
    "[a b]",
    "[]",
    `[${"a".repeat(1_023)}]`,
  ])("that is not understood, or that AWS refuses, is refused: %s", (pattern) => {
    expect(() => parsePattern(pattern)).toThrow(`The filter pattern ${pattern} `);
  });
});

describe("a metric filter", () => {
  const made = (FilterPattern: string, change: object = {}) => {
    const Properties = {
      FilterPattern,
      LogGroupName: "log",
      MetricTransformations: [
        {
          MetricNamespace: "N",
          MetricName: "Bytes",
          MetricValue: "$bytes",
          Unit: "Bytes",
          Dimensions: [{ Key: "Server", Value: "$server" }],
          ...change,
        },
      ],
    };
    return metricFiltersOf({
      ofType: () => [{ logicalId: "F", Type: "AWS::Logs::MetricFilter", Properties }],
    });
  };
  const PATTERN = "[ip, server, ..., bytes]";

  it("takes its value and its dimensions from fields of the line", () => {
    const [filter] = made(PATTERN);

    expect(filter?.read(APACHE)).toEqual({
      namespace: "N",
      name: "Bytes",
      unit: "Bytes",
      dimensions: { Server: "Prod" },
      value: 1_534,
    });
  });

  it("makes nothing of a field that is no number", () => {
    expect(made(PATTERN)[0]?.read(APACHE.replace("1534", "-"))).toBeNull();
  });

  it.each([
    ["names a value that its pattern does not", { MetricValue: "$size" }, "names no size"],
    [
      "takes a value from JSON",
      { MetricValue: "$.bytes" },
      "$.bytes is neither a number nor a field",
    ],
    [
      "names a dimension that its pattern does not",
      { Dimensions: [{ Key: "A", Value: "$agent" }] },
      "names no agent",
    ],
    [
      "has a dimension that stands in no line",
      { Dimensions: [{ Key: "Stage", Value: "production" }] },
      "The dimension Stage is production",
    ],
    [
      "has four dimensions",
      {
        Dimensions: ["A", "B", "C", "D"].map((Key) => ({ Key, Value: "$server" })),
      },
      "Expected <=3 but received 4",
    ],
    ["has a default value beside dimensions", { DefaultValue: 0 }, '"DefaultValue"'],
  ])("that %s is refused", (_, change, why) => {
    expect(() => made(PATTERN, change)).toThrow(why);
  });
});
