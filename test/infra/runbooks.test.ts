import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseCommand } from "../../tools/ops/command-line.ts";
import { METRICS } from "../../lambdas/settings.ts";
import { synthesise } from "../../tools/template/synthesise.ts";
import { sandbox } from "./variants.ts";

const FILES = readdirSync("docs/runbooks");
const PAGES = FILES.map((file) => [file, readFileSync(`docs/runbooks/${file}`, "utf8")] as const);
const IDS = FILES.map((file) => file.replace(/\.md$/, ""));

const STATUS = readFileSync("tools/ops/status.ts", "utf8");

const SCRIPTS = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).scripts);

describe.each(PAGES)("%s", (_file, text) => {
  it("tells commands that exist", () => {
    const unknown = commandsIn(text).filter((command) => {
      const [, script = ""] = /^npm run ([a-z:-]+)( |$)/.exec(command) ?? [];
      // The rest of what a person needs has no verb; everybody who deploys has the AWS CLI.
      return (
        !SCRIPTS.includes(script) && !command.startsWith("aws cloudformation describe-stacks ")
      );
    });

    expect(unknown).toEqual([]);
  });

  it("tells the on-call tool what it understands", () => {
    const parse = (command: string) =>
      parseCommand(command.replace("npm run ops -- ", "").replaceAll("…", "1").split(" "));

    for (const command of commandsIn(text).filter((line) => line.startsWith("npm run ops"))) {
      expect(() => parse(command)).not.toThrow();
    }
  });

  it("names metrics that exist, and that `status` prints", () => {
    const names = [...text.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, name = ""]) => name);
    const metrics = names.filter((name) => !NOT_METRICS.test(name));

    for (const name of metrics) {
      const key = Object.entries(METRICS).find(([, value]) => value === name)?.[0];
      expect(`${name}: ${key}`).not.toContain("undefined");
      expect(STATUS).toContain(`METRICS.${key}`);
    }
  });

  it("names alarms that exist", () => {
    const names = [...text.matchAll(/`([a-z]+(?:-[a-z0-9]+)+)`/g)].map(([, name = ""]) => name);

    const routes = Object.keys(sandbox.routes);
    expect(names.filter((name) => !IDS.includes(name) && !routes.includes(name))).toEqual(
      names.filter((name) => OTHER_WORDS.includes(name)),
    );
  });
});

describe("the runbooks of the routes", () => {
  it("say the same of each route, but for its name and what it means", () => {
    const shapes = PAGES.filter(([file]) => file.startsWith("route-failing-")).map(
      ([file, text]) => {
        const route = file.replace(/^route-failing-|\.md$/g, "");
        const words = route.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
        return text
          .replaceAll(`${words.join("")}DeadLetterQueue`, "<Route>DeadLetterQueue")
          .replaceAll(`${words.join("")}Queue`, "<Route>Queue")
          .replaceAll(`route-failing-${route}`, "route-failing-<route>")
          .replaceAll(`\`${route}\``, "`<route>`")
          .replaceAll(/"[^"\n]+"/g, "<title>")
          .replace(/^The team behind the route is not told: .+$/m, "<impact>");
      },
    );

    expect(new Set(shapes).size).toBe(1);
  });

  it("exist for what a stage may publish, and for nothing else", () => {
    const alarms = synthesise(sandbox)
      .ofType("AWS::CloudWatch::Alarm")
      .map(({ Properties }) => String(Properties["AlarmName"]))
      .filter((name) => name.includes("route-failing-"));

    expect(alarms).toHaveLength(IDS.filter((id) => id.startsWith("route-failing-")).length);
  });
});

/** Outputs, secrets, queues and other names of the stack. */
const NOT_METRICS = /^(.*Queue|.*Secret|WebhookUrl|Gap|CONCURRENCY|MEMORY)$/;

/** What looks like an alarm and is none. */
const OTHER_WORDS = ["dead-letters"];

/** The lines of the page's blocks of commands, and the commands in its sentences. */
function commandsIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    block.split("\n"),
  );
  const inline = [...text.matchAll(/`((?:npm|aws) [^`]+)`/g)].map(([, command = ""]) => command);
  return [...blocks, ...inline].map((line) => line.trim()).filter((line) => line !== "");
}
