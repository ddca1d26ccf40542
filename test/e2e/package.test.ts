import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { MEMORY_MB } from "../../lambdas/settings/limits.ts";
import { ROOT } from "../../lib/installation.ts";
import { ourContext } from "../../lib/feature-flags.ts";
import { AlloyJourneyWebhooks } from "../../lib/index.ts";
import type { StageProps } from "../../lib/index.ts";
import { STORIES } from "../../tools/consumer-kit/stories.ts";
import { startExample } from "../support/example-consumer.ts";
import { hasEmulator } from "./deployed/deployments.ts";
import { describeBesideOthers } from "./beside-others.ts";
import { AGREES, eventually } from "./driver.ts";
import { begin, install, linkDependencies, run, UserMachine } from "./packed.ts";
import type { Packed } from "./packed.ts";

const PNPM = "pnpm@10.34.8";
const QUIET = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
const machine = new UserMachine();
let packed: Packed;
let home: string;

/** The program that is installed in `home`, on the Node that it wants: without npm, which takes a second to find both. */
const tool = (...args: string[]) => [
  process.execPath,
  join(home, "node_modules/alloy-journey-webhooks/dist/tools/command/main.js"),
  ...args,
];

/** The CDK CLI that is installed there, on the Node of the user's machine. */
const cdk = () => join(home, "node_modules/.bin/cdk");

beforeAll(async () => {
  packed = await machine.pack();
  home = machine.folder("home");
  await linkDependencies(home);
  await run(["npm", "install", ...QUIET, packed.tarball], home);
  await run(["npx", "alloy-journey-webhooks", "init"], home);
  await run(["npm", "install", ...QUIET], home);
});

describe("what is packed", () => {
  it("is the compiled code, the bundles, the runbooks and the papers, and nothing else", () => {
    const folders = packed.files.map(
      ({ path }) => /^(?:dist\/[^/]+\/|[^/]+$|docs\/)/.exec(path)?.[0] ?? path,
    );
    const dist = ["bin", "bundles", "docs", "events", "lambdas", "lib", "tools"];

    expect(new Set(folders)).toEqual(
      new Set([
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "docs/",
        "package.json",
        "dist/cdk.json",
        ...dist.map((one) => `dist/${one}/`),
      ]),
    );
    expect(
      packed.files.filter(({ path }) => /(?<!\.d)\.ts$|test\.|\.env|\.tgz$/.test(path)),
    ).toEqual([]);
  });

  it("has the bundle of every function and every runbook", () => {
    const paths = new Set(packed.files.map(({ path }) => path));
    const runbooks = readdirSync(`${ROOT}docs/runbooks`).map(
      (file) => `dist/docs/runbooks/${file}`,
    );
    const bundles = Object.keys(MEMORY_MB).map((name) => `dist/bundles/${name}/index.mjs`);

    expect([...runbooks, ...bundles].filter((path) => !paths.has(path))).toEqual([]);
  });

  it("is small", () => {
    // 1.1 MB and 5.3 MB when this was written, of which the bundles are 2.
    expect(packed.size).toBeLessThan(1_500_000);
    expect(packed.unpackedSize).toBeLessThan(7_000_000);
  });

  it("imports nothing that its package.json does not bring", () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(`${ROOT}package.json`, "utf8"),
    );
    const known = new Set([
      ...Object.keys({ ...dependencies, ...peerDependencies }),
      ...builtinModules,
      // In the text of the app that `init` writes.
      "alloy-journey-webhooks",
    ]);
    const imported = packed.files
      .filter(({ path }) => /^dist\/(?!bundles\/).*\.js$/.test(path))
      .flatMap(({ path }) => [
        ...readFileSync(ROOT + path, "utf8").matchAll(
          /^(?:import|export) .*?from "([^".][^"]*)";$/gm,
        ),
      ])
      .map(([, name = ""]) => /^(?:node:)?((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1] ?? name);

    expect(imported.length).toBeGreaterThan(100);
    expect(imported.filter((name) => !known.has(name))).toEqual([]);
  });

  it("pleases publint and arethetypeswrong", async () => {
    const bin = `${ROOT}node_modules/.bin/`;
    const node = process.execPath;

    expect(await run([node, `${bin}publint`, packed.tarball, "--strict"], ROOT)).toContain(
      "All good!",
    );
    expect(await run([node, `${bin}attw`, packed.tarball], ROOT)).toContain("No problems found");
  });
});

describe("the command of a package that is installed", () => {
  it("says what is there already instead of writing over it", async () => {
    await expect(run(tool("init"), home)).rejects.toThrow(
      "This folder already has stages.mjs, app.mjs, cdk.json: nothing was written.",
    );
  });

  it("answers every command with its options", async () => {
    for (const command of ["start", "ops"]) {
      expect(await run(tool(command, "--help"), home)).toContain("Usage:");
    }
    await expect(run(tool("strat"), home)).rejects.toThrow('There is no command "strat".');
  });

  it("has a test kit that lets the example of a consumer pass, which imports the package, and fails the naive one", async () => {
    const kit = ["npx", "alloy-journey-webhooks", "simulate", "--as-rule"];
    const play = async (file: string) => {
      const { url, actionsPort } = await startExample(file, home);
      return run([...kit, "--to", url, "--actions-port", String(actionsPort)], home);
    };

    expect(await play("idempotent.ts")).toContain(
      `${STORIES.length} stories: the consumer acted once in ${STORIES.length}.`,
    );
    await expect(play("naive.py")).rejects.toThrow(
      /^Story "duplicate": open account was done 3 times for JA-\w+, and has to be done once: the bus delivers each event three times\.$/m,
    );
  });
});

// Beside each other from here on: each writes into a folder of its own, and none installs into `home`.
describeBesideOthers("a folder with nothing in it", false, () => {
  it("becomes an app whose two stages have the templates of a clone, to the hash of each bundle", async () => {
    await run([cdk(), "synth", "--quiet"], home);

    const { STAGES }: { STAGES: readonly StageProps[] } = await import(join(home, "stages.mjs"));
    expect(STAGES.map(({ stage }) => stage)).toEqual(["sandbox", "production"]);
    for (const [name, template] of templatesOfClone(STAGES)) {
      const made: unknown = JSON.parse(
        readFileSync(join(home, `cdk.out/${name}.template.json`), "utf8"),
      );
      expect(made).toMatchObject(template);
    }
  });

  it("plays every scenario against the deployed stack, and is up again without a deployment", async ({
    skip,
  }) => {
    skip(!(await hasEmulator()));
    const played = await run(["npm", "start", "--", "--once"], home);
    expect(played).toContain(AGREES);
    expect(played).not.toContain("✘");

    // Without npm, which would have to hand on the signal.
    const second = begin(tool("start"), home);
    // What it says once it has been deployed, and its webhook address has answered.
    await eventually(async () => /^Try it /m.test(second.said()) || null);
    second.child.kill("SIGINT");

    expect(await second.ended).toBe(130);
    expect(second.said()).toContain("unchanged since it was deployed");
  });
});

describeBesideOthers("a monorepo under pnpm", false, () => {
  it("has the same from the package of one of its teams", async () => {
    const root = machine.folder("monorepo", {
      "package.json": { name: "monorepo", private: true },
      "pnpm-workspace.yaml": "packages: ['teams/*']\n",
      "teams/alloy/package.json": { name: "alloy", private: true },
    });
    const team = join(root, "teams/alloy");
    // Kept from run to run, with what it has unpacked: a hundred thousand files.
    const kept = `${ROOT}.local/pnpm`;
    mkdirSync(kept, { recursive: true });
    await install(["npm", "install", ...QUIET, "--prefix", kept, PNPM], kept);
    const program = join(kept, "node_modules/.bin/pnpm");
    const store = ["--prefer-offline", "--store-dir", join(kept, "store")];
    await install([program, "add", ...store, packed.tarball], team);
    await run([program, "exec", "alloy-journey-webhooks", "init"], team);
    await install([program, "install", ...store], team);

    const bin = join(team, "node_modules/.bin");
    await run([join(bin, "cdk"), "synth", "--quiet"], team);
    const played = await run(
      [join(bin, "alloy-journey-webhooks"), "start", "--once", "--in-process"],
      team,
    );

    expect(existsSync(join(team, "cdk.out/AlloyJourneyWebhooks-production.template.json"))).toBe(
      true,
    );
    expect(played).toContain(AGREES);
  });
});

/** As the CDK CLI makes them of `bin/app.ts`, with their bundles. */
function templatesOfClone(stages: readonly StageProps[]): readonly (readonly [string, object])[] {
  const app = new App({
    outdir: machine.folder("clone"),
    analyticsReporting: false,
    treeMetadata: false,
    // It ends well whatever it finds, and `npm run lint:templates` does it with cfn-lint.
    builtinCloudFormationValidation: false,
    context: { ...ourContext(), "aws:cdk:bundling-stacks": ["**"] },
  });
  const stacks = stages.map((props) => {
    const name = `AlloyJourneyWebhooks-${props.stage}`;
    return [name, new AlloyJourneyWebhooks(app, name, props)] as const;
  });
  return stacks.map(([name, stack]) => [name, Template.fromStack(stack).toJSON()] as const);
}

describeBesideOthers("a CommonJS package with nothing in it", false, () => {
  it("becomes an app too", async () => {
    // Beside the installed package, as a package of its own.
    const folder = machine.folder("home/common-js", {
      "package.json": { name: "common-js", private: true, type: "commonjs" },
    });
    await run(tool("init"), folder);

    expect(await run([cdk(), "list"], folder)).toContain("AlloyJourneyWebhooks-production");
  });
});

describeBesideOthers("a CommonJS app of others, in TypeScript, with two stacks", false, () => {
  it("has ingest and its queue beside its own, and synthesises", async () => {
    const tsc = `${ROOT}node_modules/.bin/tsc`;
    // Beside the installed package, as a package of its own.
    const app = machine.folder("home/others", {
      "package.json": { name: "others", private: true },
      "cdk.json": { app: "node app.js" },
      "tsconfig.json": { compilerOptions: COMMON_JS_OPTIONS, files: ["app.ts"] },
      "app.ts": APP_OF_OTHERS,
    });

    await run([process.execPath, tsc, "--project", "."], app);
    await run([cdk(), "synth", "--quiet"], app);

    expect(readFileSync(join(app, "app.js"), "utf8")).toContain(
      'require("alloy-journey-webhooks")',
    );
    const template = JSON.parse(
      readFileSync(join(app, "cdk.out/Onboarding.template.json"), "utf8"),
    );
    const types = Object.values<{ Type: string }>(template.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type === "AWS::SQS::Queue")).toHaveLength(2);
    expect(types.filter((type) => type === "AWS::ApiGatewayV2::Api")).toHaveLength(1);
    expect(Object.keys(template.Resources)).not.toContain("EventQueue");
    expect(existsSync(join(app, "cdk.out/Whole.template.json"))).toBe(true);
  });
});

/** Those of `cdk init`, as far as they decide how a module is found. */
const COMMON_JS_OPTIONS = {
  target: "es2022",
  module: "nodenext",
  moduleResolution: "nodenext",
  strict: true,
  skipLibCheck: true,
  types: [],
};

const APP_OF_OTHERS = `
import { App, Stack } from "aws-cdk-lib";
import { Topic } from "aws-cdk-lib/aws-sns";
import { AlloyJourneyWebhooks, WebhookIntake } from "alloy-journey-webhooks";
import { parseEvent } from "alloy-journey-webhooks/events";

const app = new App();
const shared = new Stack(app, "Shared");
const topic = new Topic(shared, "Topic");
const onboarding = new Stack(app, "Onboarding");
const intake = new WebhookIntake(onboarding, "Alloy", { stage: "sandbox", environment: "sandbox" });
new Topic(onboarding, "Decisions", { displayName: intake.queue.events.queueName });
new AlloyJourneyWebhooks(app, "Whole", { stage: "sandbox", environment: "sandbox" });
if (typeof parseEvent !== "function" || topic.topicName === "") throw new Error("Not what was imported.");
`;
