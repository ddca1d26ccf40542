import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EXAMPLE_PRODUCTION } from "../../../lib/config/default-stages.ts";
import type {
  DomainConfiguration,
  StageConfiguration,
} from "../../../lib/config/stage-configuration.ts";
import { Account } from "../../../tools/deploy/account.ts";
import { CHECKS, findingOf, preflight } from "../../../tools/deploy/preflight.ts";
import type { Finding, Surroundings } from "../../../tools/deploy/finding.ts";
import { isGood } from "../../../tools/deploy/report.ts";
import { AwsAccount, serveAccount } from "../../support/aws-account.ts";
import { templateOf } from "../../support/template.ts";

const served = serveAccount();
const production = EXAMPLE_PRODUCTION;
const template = templateOf(production);
let account: Account;

beforeAll(() => {
  account = new Account(served.region);
});

beforeEach(() => {
  served.current = new AwsAccount();
  served.current.bootstrap = 21;
});

describe("Lambda's quota", () => {
  it.each([
    [10, "red", "10 of 10 free"],
    [50, "red", "50 of 50 free"],
    [210, "red", "210 of 210 free"],
    [211, "green", "211 of 211 free"],
    [1_000, "green", "1000 of 1000 free"],
  ])("of %i is %s for a stage that reserves 111", async (limit, state, found) => {
    served.current.limit = limit;

    expect(await lineOf("concurrency")).toMatchObject({
      state,
      found,
      good: "at least 211 free: 111 to reserve, and 100 that Lambda keeps unreserved",
    });
  });

  it("counts what others have reserved, and not what this stack has", async () => {
    served.current.limit = 400;
    served.current.reservedByOthers = 200;
    expect(await said("concurrency")).toBe("red: 200 of 400 free");

    served.current.reservedByOthers = 100;
    served.current.deploy(template);
    expect(await said("concurrency")).toBe("green: 300 of 400 free");
  });

  it("of ten is enough for a stage that shares, which says that intake has no guarantee", async () => {
    served.current.limit = 10;

    expect(await said("concurrency", { ...production, concurrency: "shared" })).toBe(
      "yellow: a limit of 10, shared: ingest has no guaranteed capacity",
    );
  });
});

it.each([
  [null, "red", "none in this account and region"],
  [5, "red", "version 5"],
  [6, "green", "version 6"],
])("CDK's bootstrap %s is %s", async (version, state, found) => {
  served.current.bootstrap = version;

  expect(await said("bootstrap")).toBe(`${state}: ${found}`);
});

it.each([
  ["ROLLBACK_COMPLETE", "red"],
  ["ROLLBACK_FAILED", "red"],
  ["DELETE_FAILED", "red"],
  ["CREATE_FAILED", "red"],
  ["UPDATE_ROLLBACK_FAILED", "red"],
  ["UPDATE_IN_PROGRESS", "red"],
  ["ROLLBACK_IN_PROGRESS", "red"],
  ["REVIEW_IN_PROGRESS", "green"],
  ["CREATE_COMPLETE", "green"],
  ["UPDATE_COMPLETE", "green"],
  ["UPDATE_ROLLBACK_COMPLETE", "green"],
])("a stack in %s is %s", async (status, state) => {
  served.current.deploy(template);
  Object.assign(served.current.stack ?? {}, { status });

  expect(await said("stack")).toBe(`${state}: ${status}`);
});

describe("what an earlier stack has left", () => {
  const tags = { application: "alloy-journey-webhooks", stage: "production" };

  it("is in the way when it has a name that the stack needs", async () => {
    const bus =
      "arn:aws:events:eu-central-1:123456789012:event-bus/AlloyJourneyWebhooks-production";
    served.current.left = [{ arn: bus, tags }];

    expect(await said("leftovers")).toBe(`red: resources with names that the stack needs: ${bus}`);
  });

  it("is told when it only holds data", async () => {
    served.current.left = [{ arn: "arn:aws:sqs:eu-central-1:123456789012:EventQueue-1", tags }];

    expect(await said("leftovers")).toMatch(/^yellow: /);
  });

  it("is nothing of the stack that is there", async () => {
    served.current.deploy(template);
    const id = served.current.stack?.id ?? "";
    served.current.left = [
      { arn: "arn:aws:sqs:::q", tags: { ...tags, "aws:cloudformation:stack-id": id } },
    ];

    expect(await said("leftovers")).toBe("green: none");
  });
});

describe("a region", () => {
  it("without a service that the template needs is red, and names it", async () => {
    served.current.unknownTypes = ["AWS::Scheduler::Schedule"];

    expect(await said("services")).toBe("red: not in eu-central-1: AWS::Scheduler::Schedule");
  });

  it("with all of them is green", async () => {
    expect(await said("services")).toMatch(/^green: /);
  });
});

describe("a name of one's own", () => {
  it("with a certificate of another region is red", async () => {
    expect(await said("certificate", withDomain("us-east-1"))).toBe("red: in us-east-1");
    expect(await said("certificate", withDomain("eu-central-1"))).toMatch(/^green: /);
  });

  it("that is not in DNS is red when no other one is left", async () => {
    const closed = withDomain("eu-central-1", { executeApi: "closed" });

    expect(await said("own name", closed)).toMatch(/^red: /);
    expect(await said("own name", withDomain("eu-central-1"))).toMatch(/^yellow: /);
  });

  it.each([
    ["without a name yet", template],
    ["with the name, which DNS does not have", templateOf(withDomain("eu-central-1"))],
  ])(
    "does not take API Gateway's own from a live stage %s: Alloy's webhooks would fail",
    async (_of, deployed) => {
      served.current.deploy(deployed);

      expect(
        await lineOf("own name", withDomain("eu-central-1", { executeApi: "closed" })),
      ).toMatchObject({
        state: "red",
        found:
          'webhooks.invalid is not in DNS, and executeApi is "closed": no webhook could arrive',
        fix: expect.stringContaining('executeApi: "open" until the record is there'),
      });
      expect(await said("own name", withDomain("eu-central-1"))).toMatch(/^yellow: /);
    },
  );
});

describe("after the first deployment", () => {
  it("a subscription that nobody has confirmed is told", async () => {
    const stage: StageConfiguration = {
      ...production,
      alarms: {
        ...production.alarms,
        channels: { page: [{ email: "oncall@example.com" }], ticket: [] },
      },
    };
    served.current.deploy(template);
    served.current.subscriptions = ["arn:aws:sns:eu-central-1:1:page:0", "PendingConfirmation"];
    expect(await said("alarm channels", stage)).toMatch(/^yellow: /);

    served.current.subscriptions = ["arn:aws:sns:eu-central-1:1:page:0"];
    expect(await said("alarm channels", stage)).toMatch(/^green: /);
  });

  it("pages that reach nobody are told each time", async () => {
    expect(await said("alarm channels")).toBe("yellow: none for pages: no page reaches anybody");
  });

  it("a secret that nobody has filled is told, and its value is not read", async () => {
    served.current.deploy(template);
    served.current.filledSecrets = ["webhook-secret"];

    expect(await said("webhook secret")).toMatch(/^green: /);
    expect(await said("API secret")).toMatch(/^yellow: /);
    await lines();
    expect(served.current.calls).not.toContain("GetSecretValue");
  });
});

describe("a change", () => {
  it("that leaves what is there is green", async () => {
    served.current.deploy(template);

    expect(await said("changes")).toBe("green: nothing is replaced");
  });

  it("of a name of one's own replaces nothing; without a route's queue, the queue is named that goes", async () => {
    served.current.deploy(template);
    const approved = { ...production.routes.approved, queue: false };

    const routes = { ...production.routes, approved };
    const named = await said("changes", withDomain("eu-central-1"));
    const fewer = await said("changes", { ...production, routes });

    expect(named).toBe("green: nothing is replaced");
    expect(fewer).toMatch(/^yellow: .*ApprovedQueue \(AWS::SQS::Queue\) would be deleted/);
  });

  it.each([
    ["ApplicationTable"],
    ["EventQueue"],
    ["WebhookSecret"],
    ["EventBus"],
    ["IntakeApi6BE964B1"],
    ["ProcessingSourceA968FB9E"],
  ])("after which %s would be another resource is red", async (id) => {
    served.current.deploy(template);
    const { stack } = served.current;
    if (stack !== null) stack.template = stack.template.replaceAll(`"${id}"`, `"${id}Before"`);

    const changes = await said("changes");

    expect(changes).toMatch(/^red: /);
    expect(changes).toContain(`${id}Before (AWS::`);
  });

  it("from a table to a global one is red: CloudFormation refuses it, and a page says what to do", async () => {
    served.current.deploy(template);
    const { stack } = served.current;
    if (stack !== null)
      stack.template = stack.template.replaceAll("DynamoDB::GlobalTable", "DynamoDB::Table");

    expect(await lineOf("changes")).toMatchObject({
      state: "red",
      found: expect.stringContaining(
        "ApplicationTable would change from AWS::DynamoDB::Table to AWS::DynamoDB::GlobalTable",
      ),
      fix: "docs/deployment.md, Tables of an earlier deployment",
    });
  });

  it("back from a key of one's own is red: what is under it would be lost", async () => {
    served.current.deploy(templateOf({ ...production, encryption: "customer-managed" }));

    expect(await lineOf("changes")).toMatchObject({
      state: "red",
      found: expect.stringContaining("EventQueue (AWS::SQS::Queue) would lose its key."),
      fix: 'encryption: "customer-managed": what is in queues, bucket and secrets is under that key, and would be lost',
    });
  });
});

describe("a paused route", () => {
  const HOLD = "AlloyJourneyWebhooks-production-approved-hold";
  const pausable = (perSecond: number): StageConfiguration => ({
    ...production,
    routes: {
      ...production.routes,
      approved: {
        ...production.routes.approved,
        targets: [
          {
            name: "core",
            http: {
              url: `https://core.example.com/${perSecond}`,
              auth: {
                basic: {
                  secret: "arn:aws:secretsmanager:us-east-1:123456789012:secret:core-AbCdEf",
                },
              },
              perSecond,
            },
          },
          ...(perSecond > 1
            ? [{ name: "ledger", arn: "arn:aws:sqs:us-east-1:123456789012:l" }]
            : []),
        ],
      },
    },
  });
  const [before, more] = [pausable(1), pausable(2)];

  it("is red when the deployment changes one of its rules, since that turns them as the template says", async () => {
    served.current.deploy(templateOf(before));
    served.current.enabledRules = [HOLD];

    expect(await lineOf("paused routes", more)).toMatchObject({
      state: "red",
      found: expect.stringMatching(/^paused, and a rule of it changes: approved\./),
      fix: "end the pause first: npm run ops -- route resume approved",
    });
  });

  it("is red when the stage has no list of targets any more, which removes what keeps its events", async () => {
    served.current.deploy(templateOf(before));
    served.current.enabledRules = [HOLD];

    expect(await said("paused routes")).toMatch(/^red: /);
  });

  it("stays paused, and is told, when none of its rules changes", async () => {
    served.current.deploy(templateOf(before));
    served.current.enabledRules = [HOLD];

    expect(await said("paused routes", before)).toBe(
      "yellow: paused: approved. None of its rules changes, so the pause goes on",
    );
  });

  it("is none where the rules are as the template has them, or nothing is deployed", async () => {
    expect(await said("paused routes", before)).toBe("green: nothing is deployed yet");

    served.current.deploy(templateOf(before));

    expect(await said("paused routes", more)).toBe("green: no route is paused");
  });
});

it("what cannot be read is said with the right that is missing, and stops nothing", async () => {
  served.current.denied = ["GetResources", "DescribeType"];

  const findings = await lines();

  expect(findings.filter(({ state }) => state === "yellow")).toEqual([
    expect.objectContaining({
      check: "leftovers",
      found: "could not be read (AccessDeniedException: not authorized)",
      fix: expect.stringContaining("tag:GetResources"),
    }),
    expect.objectContaining({ check: "services" }),
    expect.objectContaining({ check: "alarm channels" }),
  ]);
  expect(isGood(findings)).toBe(true);
});

it("every line that is not green has a fix, and every line says what good looks like", async () => {
  served.current.limit = 10;
  served.current.bootstrap = null;
  served.current.unknownTypes = ["AWS::Scheduler::Schedule"];

  for (const { state, good, fix } of await lines(withDomain("us-east-1"))) {
    expect(good).not.toBe("");
    expect(fix === null).toBe(state === "green");
  }
});

async function surroundingsOf(stage: StageConfiguration = production): Promise<Surroundings> {
  const stackName = `AlloyJourneyWebhooks-${stage.stage}`;
  const stack = await account.stack(stackName);
  return {
    stage,
    stackName,
    account,
    stack,
    // Few checks look at it, and it takes longest.
    get template() {
      return templateOf(stage);
    },
  };
}

async function lines(stage?: StageConfiguration): Promise<readonly Finding[]> {
  return preflight(await surroundingsOf(stage));
}

/** The state of a check, and what it found. */
async function said(name: string, stage?: StageConfiguration): Promise<string> {
  const { state, found } = await lineOf(name, stage);
  return `${state}: ${found}`;
}

/** What one check finds, without the calls of the others. */
async function lineOf(name: string, stage?: StageConfiguration): Promise<Finding> {
  const check = CHECKS.find((one) => one.name === name);
  if (check === undefined) throw new Error(`There is no check ${name}.`);
  return findingOf(check, await surroundingsOf(stage));
}

function withDomain(region: string, more: Partial<DomainConfiguration> = {}): StageConfiguration {
  return {
    ...production,
    domain: {
      name: "webhooks.invalid",
      certificateArn: `arn:aws:acm:${region}:123456789012:certificate/0`,
      ...more,
    },
  };
}
