import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, describe, expect, test, vi } from "vitest";

import { parseEvent } from "../../events/index.ts";
import type { JourneyBusEvent } from "../../events/index.ts";
import { testConsumer } from "../../tools/consumer-kit/command.ts";
import { STORIES } from "../../tools/consumer-kit/stories.ts";
import { listen } from "../../tools/guard/listen.ts";
import { freePorts } from "../../tools/local/emulator/ports.ts";
import { makeScreen } from "../../tools/terminal/screen.ts";
import { runKit } from "../support/consumer-kit.ts";
import { isOpen, startExample } from "../support/example-consumer.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  vi.unstubAllEnvs();
});

/** Says to the kit that a consumer acted. */
function reportTo(actionsPort: number) {
  return async (applicationToken: string) =>
    fetch(`http://127.0.0.1:${actionsPort}/actions`, {
      method: "POST",
      body: JSON.stringify({ applicationToken }),
    });
}

/** A consumer within this process. @returns where it listens, and where it reports. */
async function startConsumer(
  act: (event: JourneyBusEvent) => readonly string[],
  answer: () => number = () => 204,
) {
  const [actionsPort = 0] = await freePorts(1);
  const server = createServer((request, response) => {
    const take = async () => {
      const body = await text(request);
      for (const applicationToken of act(parseEvent(body))) await report(applicationToken);
      response.writeHead(answer()).end();
    };
    void take();
  });
  const report = reportTo(actionsPort);
  const { url, stop } = await listen(server);
  cleanups.push(stop);
  return { url, actionsPort, report };
}

/** Acts once for each approval. */
function idempotent(): (event: JourneyBusEvent) => readonly string[] {
  const done = new Set<string>();
  return (event) => {
    if (!("route" in event) || event.route !== "approved" || done.has(event.eventId)) return [];
    done.add(event.eventId);
    return [String(event.applicationToken)];
  };
}

describe("the examples of consumers", () => {
  test.each(["idempotent.ts", "idempotent.py"])("%s acts once in every story", async (file) => {
    const { url, actionsPort } = await startExample(file);

    const { code, out, errors } = await runKit(url, actionsPort);

    expect(errors).toBe("");
    expect(out).toContain(
      `${STORIES.length} stories: the consumer acted once in ${STORIES.length}.`,
    );
    expect(code).toBe(0);
  });

  test("naive.py breaks the stories that the kit names", async () => {
    const { url, actionsPort } = await startExample("naive.py");

    const { code, errors } = await runKit(url, actionsPort);

    expect(code).toBe(1);
    expect(errors).toMatch(
      /^Story "duplicate": open account was done 3 times for JA-\w+, and has to be done once: the bus delivers each event three times\.$/m,
    );
    const broken = [...errors.matchAll(/^Story "([\w-]+)"/gm)].map(([, name]) => name);
    expect(new Set(broken)).toEqual(
      new Set(STORIES.map(({ name }) => name).filter((name) => !KEPT_BY_NAIVE.includes(name))),
    );
  });
});

/** Where everything comes once, to act on each event is to act once. */
const KEPT_BY_NAIVE = ["once", "rerun", "healed", "correction"];

describe("the test kit", () => {
  test("plays other tokens for another seed, and the same for the same", async () => {
    const [story] = STORIES;
    const tokensOf = async (seed: number) =>
      (await story?.play(seed))?.flat().map(({ detail }) => detail["applicationToken"]);

    expect(await tokensOf(1)).toEqual(await tokensOf(1));
    expect(await tokensOf(2)).not.toEqual(await tokensOf(1));
  });

  test("sends the events of the route alone, as its rule does", async () => {
    const routes = new Set<string>();
    const act = idempotent();
    const { url, actionsPort } = await startConsumer((event) => {
      if ("route" in event) routes.add(event.route);
      return act(event);
    });

    const { code } = await runKit(url, actionsPort, "--as-rule", "--story", "late");

    expect(code).toBe(0);
    expect([...routes]).toEqual(["approved"]);
  });

  test("says that nothing was done, and how actions are reported", async () => {
    const { url, actionsPort } = await startConsumer(() => []);

    const { code, errors } = await runKit(url, actionsPort, "--wait", "0");

    expect(code).toBe(1);
    expect(errors).toMatch(
      /^Story "once": the action was done not at all for JA-\w+, and has to be done once/,
    );
    expect(errors).toContain("No action was reported, so the other stories were not played.");
  });

  test("says what the consumer answered, after it has tried again", async () => {
    let requests = 0;
    const { url, actionsPort } = await startConsumer(idempotent(), () => ((requests += 1), 500));

    const { code, errors } = await runKit(url, actionsPort, "--as-rule", "--story", "once");

    expect(code).toBe(1);
    expect(requests).toBe(4);
    expect(errors).toContain(
      'Story "once": the consumer answered 500 to an event "Journey Application Approved".',
    );
  });

  test("is a consumer of denials when it is told so", async () => {
    const { url, actionsPort } = await startConsumer((event) =>
      "route" in event && event.route === "denied" ? [String(event.applicationToken)] : [],
    );

    const run = await runKit(url, actionsPort, "--acts-on", "denied", "--story", "rerun");

    expect(run).toMatchObject({ code: 0, errors: "" });
  });

  test("plays into a queue, of which a FIFO one gets groups by application", async () => {
    const act = idempotent();
    const sent: Record<string, unknown>[] = [];
    const [actionsPort = 0] = await freePorts(1);
    const server = createServer((request, response) => {
      const take = async () => {
        const body = await text(request);
        const message: { MessageBody: string } = JSON.parse(body);
        sent.push({ ...message });
        for (const applicationToken of act(parseEvent(message.MessageBody))) {
          await reportTo(actionsPort)(applicationToken);
        }
        const MD5OfMessageBody = createHash("md5").update(message.MessageBody).digest("hex");
        response
          .writeHead(200, { "content-type": "application/x-amz-json-1.0" })
          .end(JSON.stringify({ MessageId: "1", MD5OfMessageBody }));
      };
      void take();
    });
    const { url, stop } = await listen(server);
    cleanups.push(stop);
    vi.stubEnv("AWS_ENDPOINT_URL", url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");

    const queue = `${url}/000000000000/accounts.fifo`;
    const run = await runKit(queue, actionsPort, "--as-rule", "--story", "duplicate");

    expect(run).toMatchObject({ code: 0, errors: "" });
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map((one) => one["MessageGroupId"])).size).toBe(1);
    // SQS must not hide that the bus delivers twice.
    expect(new Set(sent.map((one) => one["MessageDeduplicationId"])).size).toBe(3);
  });

  test.each([
    [
      ["--to", "accounts"],
      '--to is "accounts"; it wants the URL of a queue, or of an HTTP endpoint',
    ],
    [["--acts-on", "approved"], "--to is missing; it wants the URL of the consumer."],
    [
      ["--to", "http://127.0.0.1:1/", "--acts-on", "aproved"],
      '--acts-on is "aproved"; it wants one of approved,',
    ],
    [["--to", "http://127.0.0.1:1/", "--story", "x"], '--story is "x"; it wants one of once,'],
    [
      ["--to", "http://127.0.0.1:1/", "--wait", "soon"],
      '--wait is "soon"; it wants a whole number',
    ],
    [["--to", "http://127.0.0.1:1/", "--sed", "1"], "Unknown option '--sed'. Did you mean --seed?"],
    [
      ["--to", "http://127.0.0.1:9/", "--actions-port", "0"],
      "Nobody takes events at http://127.0.0.1:9/ (",
    ],
  ])("refuses %j in a sentence, with the exit code 2", async (args, sentence) => {
    const errors: string[] = [];
    const screen = makeScreen({
      isTerminal: false,
      write: () => {},
      writeError: (line) => void errors.push(line),
      paint: (_, text) => text,
    });

    expect(await testConsumer(args, screen, process.env)).toBe(2);
    expect(errors.join("\n")).toContain(sentence);
  });

  test("refuses what is no action, with an example of one", async () => {
    const { url, actionsPort } = await startConsumer(idempotent());
    const running = runKit(url, actionsPort, "--story", "once", "--wait", "1");
    while (!(await isOpen(actionsPort))) await sleep(10);

    const answer = await fetch(`http://127.0.0.1:${actionsPort}/actions`, {
      method: "POST",
      body: "done",
    });

    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('{"applicationToken":"JA-…"');
    expect((await running).code).toBe(0);
  });
});
