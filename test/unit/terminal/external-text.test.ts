import { brotliCompressSync } from "node:zlib";

import { marshall } from "@aws-sdk/util-dynamodb";
import { describe, expect, it } from "vitest";

import type { AlarmChange } from "../../../tools/local/emulator/alarm-evaluation.ts";
import { renderReport } from "../../../tools/local/terminal/report.ts";
import { makeNarrator } from "../../../tools/local/terminal/stay-up.ts";
import { describePublished } from "../../../tools/local/terminal/progress-log.ts";
import { parseCommand, VERBS } from "../../../tools/ops/command-line.ts";
import type { VerbName } from "../../../tools/ops/results.ts";
import { run } from "../../../tools/ops/run.ts";
import type { ConnectedStack } from "../../../tools/ops/stack.ts";
import type { RunTerminal } from "../../../tools/ops/terminal.ts";
import { plain } from "../../../tools/terminal/lines.ts";
import { makeScreen } from "../../../tools/terminal/screen.ts";
import { HOSTILE, hostileIn } from "../../support/hostile.ts";
import { MemorySqs } from "../../support/memory-sqs.ts";
import { anAnsweringStack } from "../../support/operator.ts";
import { expectRefusals } from "../../support/refusals.ts";

const NOW = Date.UTC(2026, 10, 26);

/** A screen that keeps the bytes it writes, and a terminal on it. */
function aTerminal() {
  let written = "";
  const write = (text: string) => void (written += text);
  const screen = makeScreen({
    isTerminal: false,
    write,
    writeError: write,
    paint: (_, safe) => safe,
  });
  const terminal: RunTerminal = {
    use: () => {},
    isInteractive: false,
    redraw: (...lines) => screen.print(...lines),
    report: () => {},
    end: () => {},
    print: (...lines) => screen.print(...lines),
    progress: (text) => screen.progress(text),
    warn: (...lines) => screen.error(...lines),
    isAttended: true,
    reveal: (_, ...above) => {
      write(`${above.map(plain).join("\n")}\n`);
      return Promise.resolve();
    },
    asks: (question) => {
      write(`${plain(question)}\n`);
      return Promise.resolve("yes");
    },
  };
  return { screen, terminal, written: () => written };
}

/** A stack of which every text that is not ours is this one. */
function stackOf(text: string): ConnectedStack {
  const token = `JA-${text}`;
  const event = {
    pk: `APPLICATION#${token}`,
    sk: "EVENT#1",
    eventId: text,
    type: text,
    eventAt: 9e15,
    receivedAt: NOW,
    origin: text,
    route: text,
    outcome: text,
    body: brotliCompressSync(Buffer.from(JSON.stringify({ name: text }))),
  };
  const items = [
    {
      pk: `APPLICATION#${token}`,
      sk: "STATE",
      journeyName: text,
      journeyToken: text,
      environment: text,
      externalId: text,
      status: text,
      outcome: text,
      dueAt: NOW,
      gapStage: text,
      gapSince: NOW,
      submittedAt: 9e15,
      gap: {
        stage: text,
        since: NOW,
        evidence: text,
        events: [{ eventId: text, type: text, at: NOW }],
      },
    },
    event,
    { ...event, sk: "EVENT#2", body: undefined, bodyOmittedBytes: 1 },
    {
      pk: `APPLICATION#${token}`,
      sk: "FAILURE#1",
      eventId: text,
      eventType: text,
      reason: text,
      failedAt: NOW,
      deadLettered: true,
    },
  ].map((item) => marshall(item, { removeUndefinedValues: true }));
  const poll = {
    due: 2,
    left: 0,
    checked: 2,
    applications: [
      { applicationToken: token, result: text, missing: 1, gapStage: text, nextCheck: text },
    ],
  };
  const line = JSON.stringify({ level: "ERROR", message: text, code: text }).replaceAll("\\n", "n");
  const sqs = new MemorySqs();
  const data = {
    journey_application_token: token,
    journey_token: "J-1",
    type: text,
    timestamp: NOW,
  };
  for (const body of [
    text,
    envelope({ receiptId: text, body: JSON.stringify({ type: text, data }) }),
    envelope({ receiptId: text, body: text }),
    envelope({ receiptId: text, body: null, payloadKey: text }),
  ]) {
    sqs.put("dead", body, { sentAt: NOW - 1, reason: text });
    sqs.put("dead", body, { sentAt: NOW - 1, reason: text, movedBySqs: true });
  }
  const answers = {
    Query: { Items: items },
    Scan: { Items: items },
    GetItem: { Item: items[3] },
    ListStackResources: {
      StackResourceSummaries: [
        { ResourceType: "AWS::SQS::Queue", LogicalResourceId: text, PhysicalResourceId: "dead" },
      ],
    },
    DescribeAlarms: { MetricAlarms: [{ AlarmName: `${text}-${text}` }] },
    GetMetricData: { MetricDataResults: [] },
    DescribeLogGroups: { logGroups: [{ retentionInDays: 30 }] },
    FilterLogEvents: {
      events: [
        { timestamp: NOW, message: line },
        { timestamp: 9e15, message: `Task timed out ${text.replaceAll("\n", "")}` },
      ],
    },
    GetFunctionConfiguration: { LoggingConfig: { LogGroup: text } },
    GetSecretValue: {
      SecretString: JSON.stringify({
        basic: [1, 2].map((n) => ({ username: text, password: `the password ${n} of this test` })),
      }),
    },
    Invoke: { Payload: { transformToString: () => JSON.stringify(poll) } },
  };
  const webhookUrl = `http://127.0.0.1:9/${text}`;
  return { ...anAnsweringStack(answers, sqs), stackName: text, webhookUrl };
}

function envelope(change: object): string {
  const usual = { v: 1, kind: "webhook", receivedAt: NOW, payloadKey: null, sourceIp: null };
  return JSON.stringify({ ...usual, ...change });
}

/** Each verb with what a person types; `<>` is a text that was copied from somewhere. */
const TYPED: Readonly<Record<VerbName, readonly (readonly string[])[]>> = {
  status: [["status"]],
  watch: [["watch"]],
  find: [
    ["find", "JA-<>"],
    ["find", "<>"],
    ["find", "--status", "<>"],
  ],
  pause: [["pause", "<>"]],
  resume: [["resume", "<>"]],
  verify: [["verify"], ["verify", "--ring"]],
  console: [["console"]],
  gaps: [["gaps"]],
  show: [
    ["show", "JA-<>"],
    ["show", "JA-<>", "--bodies"],
  ],
  statement: [["statement", "--day", "<>"], ["statement"]],
  check: [["check", "JA-<>"]],
  poll: [["poll"], ["poll", "--dry-run"]],
  logs: [
    ["logs", "consumer"],
    ["logs", "consumer", "--application", "<>"],
    ["logs", "<>"],
  ],
  "dead-letters": [
    ["dead-letters"],
    ["dead-letters", "--bodies"],
    ["dead-letters", "--application", "<>"],
  ],
  discard: [
    ["discard", "--all", "--reason", "<>", "--yes"],
    ["discard", "--event", "<>", "--reason", "<>", "--yes"],
  ],
  discards: [["discards"]],
  incident: [["incident", "--out", "/tmp/<>"]],
  submit: [["submit", "<>", "--journey", "<>"]],
  send: [["send", "<>"]],
  adopt: [["adopt", "<>"]],
  forget: [
    ["forget", "JA-<>", "--yes"],
    ["forget", "JA-<>", "--dry-run"],
  ],
  hold: [["hold", "JA-<>", "--reason", "<>"]],
  export: [["export", "JA-<>", "--key", "<>"]],
  retention: [
    ["retention", "365", "--dry-run"],
    ["retention", "<>"],
  ],
  redrive: [
    ["redrive", "--dry-run"],
    ["redrive", "--application", "<>", "--event", "<>"],
    ["redrive", "--limit", "3"],
    ["redrive", "--target", "<>"],
  ],
  route: [
    ["route", "<>", "approved"],
    ["route", "pause", "<>"],
  ],
  rotate: [
    ["rotate", "list"],
    ["rotate", "check"],
    ["rotate", "remove", "<>"],
    ["rotate", "add", "--basic", "<>"],
    ["rotate", "<>"],
  ],
  replay: [
    ["replay", "JA-<>", "--dry-run"],
    ["replay", "JA-<>", "--event", "<>"],
  ],
};

/** All that a verb prints, its failure included, in a stack of which every text is this one. */
async function printedBy(args: readonly string[], text: string): Promise<string> {
  const { terminal, written } = aTerminal();
  const command = parseCommand(args.map((arg) => arg.replaceAll("<>", text)));
  if ("help" in command) throw new Error("no verb takes a text for help");
  await VERBS[command.verb]
    .run(stackOf(text), command, terminal, {
      now: NOW,
      wait: () => Promise.resolve(),
      interrupted: () => Promise.resolve(),
    })
    .catch((error: Error) => terminal.warn(error.message));
  return written();
}

describe.each(Object.values(TYPED).flat())("npm run ops -- %s", (...args) => {
  const typed = args.filter((arg): arg is string => typeof arg === "string");

  it("prints nothing that a terminal would obey, and no line that others wrote", async () => {
    const printed = await printedBy(typed, HOSTILE);
    const harmless = await printedBy(typed, "harmless");
    // SQS takes no such text. Should a queue hold one, it is not obeyed either.
    expectRefusals();

    expect(hostileIn(printed)).toBeNull();
    // A move of hostile letters may end early: SQS refuses some of their characters.
    expect(printed.split("\n").length).toBeLessThanOrEqual(harmless.split("\n").length);
    expect(harmless).not.toBe("");
  });
});

it("each verb really meets the hostile texts", async () => {
  for (const [verb, [args = []]] of Object.entries(TYPED)) {
    const printed = await printedBy(args, HOSTILE);

    // What `poll` prints without a dry run is numbers alone, and so is what `retention` prints.
    const hasNumbersAlone = ["poll", "retention", "discards"].includes(verb);
    expect(`${verb}: ${hasNumbersAlone || printed.includes("\\u{1b}")}`).toBe(`${verb}: true`);
  }
});

it.each([
  [HOSTILE],
  ["show"],
  ["show", "JA-1", `--${HOSTILE}`],
  ["status", "--stage", HOSTILE, HOSTILE],
])(
  "npm run ops -- %j, which is wrong, prints nothing that a terminal would obey",
  async (...args) => {
    const { terminal, written } = aTerminal();

    expect(await run(args, terminal)).toBe(2);
    expect(hostileIn(written())).toBeNull();
    expect(written().split("\n")).toHaveLength(2);
  },
);

it("npm run ops prints nothing of an outputs file that a terminal would obey", async () => {
  const { terminal, written } = aTerminal();

  expect(await run(["status", "--outputs", HOSTILE], terminal)).toBe(1);
  expect(hostileIn(written())).toBeNull();
  expect(written().split("\n")).toHaveLength(2);
});

describe("npm start", () => {
  function report(text: string): string {
    const { screen, written } = aTerminal();
    const verdict = {
      alloy: {
        applicationToken: text,
        scenario: text,
        status: text,
        outcome: text,
        eventIds: [text],
        expected: {},
      },
      here: { status: text, outcome: text, failures: 1, events: [] },
      received: 1,
      healed: 0,
      published: {},
      faults: [`its status is ${text} here`],
    };
    const result = { verdicts: [verdict], faults: [text] };
    screen.print(...renderReport(result, { elapsedMs: 1, limitMs: 1 }));
    return written();
  }

  it("reports on the scenarios without obeying them", () => {
    expect(hostileIn(report(HOSTILE))).toBeNull();
    expect(report(HOSTILE)).toContain("\\u{1b}");
    expect(report(HOSTILE).split("\n")).toHaveLength(report("harmless").split("\n").length);
  });

  it("tells what happens without obeying it", () => {
    const { screen, written } = aTerminal();
    const narrator = makeNarrator(screen, () => null);
    const alarm: AlarmChange = {
      id: HOSTILE,
      state: "ALARM",
      reason: HOSTILE,
      description: HOSTILE,
    };

    narrator.announce(HOSTILE, HOSTILE);
    narrator.onAlarm(alarm);
    narrator.follow();
    narrator.onLog(JSON.stringify({ level: "WARN", code: HOSTILE, message: HOSTILE, x: HOSTILE }));
    const detail = {
      route: HOSTILE,
      applicationToken: HOSTILE,
      eventType: HOSTILE,
      status: HOSTILE,
      outcome: HOSTILE,
      origin: HOSTILE,
      late: true,
    };
    screen.print(describePublished(JSON.stringify({ detail })));
    const gap = { change: HOSTILE, applicationToken: HOSTILE, stage: HOSTILE, evidence: HOSTILE };
    screen.print(describePublished(JSON.stringify({ detail: gap })));

    expect(hostileIn(written())).toBeNull();
    expect(written().split("\n")).toHaveLength(7);
  });
});
