import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { isIPv4, isIPv6 } from "node:net";
import * as v from "valibot";
import {
  EVENT_SOURCE,
  INVESTIGATION_ROUTE_IDS,
  OUTCOME_ROUTE_IDS,
  ROUTE_IDS,
} from "../../lambdas/settings/routes.ts";
import { pollingFor } from "./expected.ts";
import { implausible } from "./implausible.ts";
import { mistakesIn } from "./notification-checks.ts";
import { notificationRules } from "./notification-schema.ts";
import { STAGES_FILE } from "../installation.ts";
import { ConfigurationError } from "./stage-configuration.ts";
import type { StageConfiguration } from "./stage-configuration.ts";
import { targetMistakes } from "./target-checks.ts";
import { isCredentialPlace, routeTargets, targetArn } from "./target-schema.ts";

const positive = (unit: string) =>
  v.pipe(
    v.number(`a number of ${unit}`),
    v.finite(`a finite number of ${unit}`),
    v.minValue(1, `at least 1 ${unit}`),
  );
const wholeNumber = (unit: string) =>
  v.pipe(positive(unit), v.integer(`a whole number of ${unit}`));
const https = v.pipe(
  v.string("an https URL"),
  v.regex(/^https:\/\/[^\s/]+(\/[^\s]*)?(?<!\/)$/, "an https URL without a slash at its end"),
);
const milliseconds = positive("ms");

const wholeDays = v.pipe(milliseconds, v.multipleOf(86_400_000, "whole days: S3 counts in days"));

const route = v.strictObject({
  publish: v.boolean("true or false"),
  publishLate: v.boolean("true or false"),
  queue: v.boolean("true or false"),
  targetArn,
  targets: v.optional(routeTargets),
});

const journeyToken = v.pipe(
  v.string("a Journey token"),
  v.regex(/^J-[A-Za-z0-9]+$/, "a Journey token, such as J-VCQoADBJxeHtmdAvFqoS"),
);

const attributeName = v.pipe(
  v.string("the name of an output attribute"),
  v.regex(
    /^(?!__proto__$)\S(?:.{0,254}\S)?$/,
    "the name of an output attribute, at most 256 characters",
  ),
);

const decision = v.strictObject({
  outcomeReasons: v.optional(v.boolean("true or false")),
  tags: v.optional(v.boolean("true or false")),
  outputAttributes: v.optional(
    v.pipe(
      v.array(attributeName, "a list of names of output attributes"),
      v.maxLength(100, "at most 100 names: they go into every decision"),
      v.check((names) => areDifferent(names), "names that differ"),
    ),
  ),
  dashboardUrl: v.optional(
    v.pipe(
      v.string("an https URL"),
      v.regex(
        /^https:\/\/[^\s/{}]+\/[^\s]*\{applicationToken\}[^\s]*$/,
        "an https URL with {applicationToken} in its path",
      ),
      v.maxLength(1_024, "at most 1,024 characters"),
    ),
  ),
});

const JOURNEY_ROUTE_IDS = ROUTE_IDS.filter(
  (id) => id !== "other" && !INVESTIGATION_ROUTE_IDS.some((own) => own === id),
);

const journeyRoutes = v.record(
  journeyToken,
  v.strictObject({
    outcomes: v.optional(
      v.pipe(
        v.record(
          v.pipe(
            v.string(),
            v.check((word) => word.trim() !== "", "the name of an outcome"),
          ),
          v.picklist(OUTCOME_ROUTE_IDS, `one of ${OUTCOME_ROUTE_IDS.join(", ")}`),
        ),
        v.check(
          (outcomes) =>
            areDifferent(Object.keys(outcomes).map((word) => word.trim().toLowerCase())),
          "outcomes that differ in more than the case of their letters",
        ),
      ),
    ),
    routes: v.optional(
      v.strictObject(
        v.entriesFromList(
          // A body that is no Journey event belongs to no Journey.
          JOURNEY_ROUTE_IDS,
          v.optional(
            v.pipe(
              v.strictObject({
                publish: v.optional(v.boolean("true or false")),
                publishLate: v.optional(v.boolean("true or false")),
              }),
              v.check(
                (change) => Object.keys(change).length > 0,
                "{ publish, publishLate }, or one of them",
              ),
            ),
          ),
        ),
      ),
    ),
  }),
);

/** A token without one of these scopes would be enough: an ID token, or one for another service of that audience. */
const jwt = v.strictObject({
  issuer: https,
  audience: oneOrMore(
    "at least one audience: the token's aud, or its client_id",
    "an audience, without a space in it",
  ),
  scopes: oneOrMore(
    "at least one scope, such as alloy/webhooks.write: without one every token of that issuer and audience gets in",
    "a scope, without a space in it",
  ),
});

function oneOrMore(wanted: string, wantedOfOne: string) {
  return v.pipe(
    v.array(v.pipe(v.string(wantedOfOne), v.regex(/^[^\s[\],]+$/, wantedOfOne)), wanted),
    v.minLength(1, wanted),
  );
}

/** EventBridge Scheduler ticks once a minute at most. */
const MINUTE_MS = 60_000;

/** EventBridge takes an event pattern of 2,048 bytes; the rest of it needs less than a fifth of that. */
const MOST_SOURCES_BYTES = 1_600;

const source = v.pipe(
  v.string("the Source of an event"),
  v.regex(
    /^[A-Za-z0-9._/-]{1,256}$/,
    "the Source of an event as it stands there, such as bank.onboarding: letters, digits and . _ - / alone",
  ),
  v.check(
    (name) => !/^aws(?:\.|$)/i.test(name),
    "another Source: what begins with aws. is AWS's own, and no onboarding service can use it",
  ),
  v.check(
    (name) => name.toLowerCase() !== EVENT_SOURCE,
    `another Source than ${EVENT_SOURCE}: that is ours, and what we publish would come back as a submission`,
  ),
);

const sources = v.pipe(
  v.array(source, 'a list of Sources, or "any"'),
  v.minLength(1, 'at least one Source, or "any": nothing could announce a submission'),
  v.check((list) => areDifferent(list), "Sources that differ"),
  v.check(
    (list) => JSON.stringify(list).length <= MOST_SOURCES_BYTES,
    `at most ${MOST_SOURCES_BYTES} bytes as JSON: EventBridge limits the pattern of a rule`,
  ),
);

/** The address of an incident service holds its key: it may stand in a secret, which CloudFormation reads. */
const endpoint = v.pipe(
  v.string(),
  v.regex(
    /^(https:\/\/[^\s/]+(\/[^\s]*)?|\{\{resolve:secretsmanager:[^\s{}]+\}\})$/,
    'an https URL, or "{{resolve:secretsmanager:…}}"',
  ),
);

const channel = v.union(
  [
    v.strictObject({ email: v.pipe(v.string(), v.email("an e-mail address")) }),
    v.strictObject({ https: endpoint }),
    v.strictObject({
      slack: v.strictObject({
        workspaceId: v.pipe(
          v.string(),
          v.regex(/^T[A-Z0-9]+$/, "the id of a Slack workspace, such as T0123456789"),
        ),
        channelId: v.pipe(
          v.string(),
          v.regex(/^[CG][A-Z0-9]+$/, "the id of a Slack channel, such as C0123456789"),
        ),
      }),
    }),
  ],
  'one of { email: "…@…" }, { https: "https://…" or "{{resolve:secretsmanager:…}}" }, { slack: { workspaceId: "T…", channelId: "C…" } }',
);

const schema = v.strictObject({
  stage: v.pipe(
    v.string("a name"),
    // The longest name made of it, a rule's, may have 64 characters.
    v.regex(/^[a-z][a-z0-9-]{0,19}$/, "lower-case letters, digits and hyphens, 20 at most"),
  ),
  environment: v.picklist(["sandbox", "live"], '"sandbox" or "live"'),
  alloy: v.strictObject({
    // The local stage talks to a simulator over plain HTTP.
    baseUrl: v.pipe(
      v.string("a URL"),
      v.regex(
        /^(https:\/\/[^\s/]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)\/[^\s]*(?<!\/)$/,
        "an https URL with Alloy's version and no slash at its end, such as https://sandbox.alloy.co/v1",
      ),
    ),
    auth: v.picklist(["basic", "bearer"], '"basic" or "bearer"'),
  }),
  journeys: v.array(journeyToken, "a list of Journey tokens"),
  events: v.strictObject({
    handled: v.strictObject({
      allBut: v.array(
        v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/, "an event type, such as visited_node")),
        "a list of event types",
      ),
    }),
  }),
  // Each mistake within has its own sentence, which a union would not say.
  auth: v.lazy((given) =>
    typeof given === "object" && given !== null && "jwt" in given
      ? v.strictObject({ jwt })
      : v.literal(
          "secret",
          '"secret" or { jwt: { issuer: "https://…", audience: ["…"], scopes: ["…"] } }',
        ),
  ),
  submissions: v.strictObject({
    sources: v.lazy((given) =>
      Array.isArray(given) ? sources : v.literal("any", 'a list of Sources, or "any"'),
    ),
  }),
  allowList: v.strictObject({
    mode: v.picklist(["observe", "enforce"], '"observe" or "enforce"'),
    cidrs: v.array(
      v.pipe(v.string(), v.check(isRange, "an IPv4 or IPv6 range, such as 52.7.221.27/32")),
      "a list of address ranges",
    ),
  }),
  routes: v.strictObject(v.entriesFromList(ROUTE_IDS, route)),
  investigations: v.picklist(["off", "on"], '"off" or "on"'),
  // Each mistake within has its own sentence, which a union would not say.
  decision: v.lazy((given) =>
    typeof given === "object" && given !== null
      ? decision
      : v.literal("off", '"off" or { outcomeReasons, tags, outputAttributes, dashboardUrl }'),
  ),
  journeyRoutes,
  polling: v.strictObject({
    rateMs: v.pipe(
      milliseconds,
      v.multipleOf(MINUTE_MS, "whole minutes: EventBridge Scheduler ticks once a minute"),
    ),
    firstCheckMs: milliseconds,
    secondCheckMs: milliseconds,
    growth: v.pipe(v.number("a factor"), v.minValue(1, "at least 1: checks get rarer, not denser")),
    capMs: milliseconds,
    finalCheckMs: milliseconds,
    rerunCheckMs: v.nullable(milliseconds),
    requestsPerSecond: positive("request"),
    callsPerRun: wholeNumber("call"),
    pollers: v.optional(wholeNumber("poller")),
    runMs: milliseconds,
  }),
  gaps: v.strictObject({
    graceMs: milliseconds,
    thresholdMs: milliseconds,
    staleAfterMs: milliseconds,
  }),
  notifications: notificationRules,
  alarms: v.strictObject({
    runbooksUrl: https,
    teams: v.record(
      v.pipe(
        v.string(),
        v.regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "lower-case words with hyphens"),
        v.maxLength(30, "30 characters at most"),
        v.check(
          (name) => name !== "page" && name !== "ticket",
          "another name: page and ticket are in channels",
        ),
      ),
      v.pipe(
        v.array(channel, "a list of channels"),
        v.minLength(1, "at least one channel: nobody would be notified"),
      ),
      "channels by the name of a team",
    ),
    channels: v.lazy((given) =>
      typeof given === "object" && given !== null
        ? v.strictObject({
            page: v.array(channel, "a list of channels"),
            ticket: v.array(channel, "a list of channels"),
          })
        : v.literal("none", '{ page: [ … ], ticket: [ … ] }, or "none"'),
    ),
  }),
  retention: v.strictObject({
    eventsMs: v.nullable(milliseconds),
    logs: v.enum(RetentionDays, "one of the RetentionDays of aws-cdk-lib/aws-logs"),
    payloadsMs: wholeDays,
    statementsMs: wholeDays,
  }),
  encryption: v.picklist(
    ["aws-managed", "customer-managed"],
    '"aws-managed" or "customer-managed"',
  ),
  people: v.picklist(["policies", "none"], '"policies" or "none"'),
  domain: v.nullable(
    v.strictObject({
      name: v.pipe(
        v.string("a domain name"),
        v.regex(/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/, "a domain name, such as webhooks.example.com"),
      ),
      certificateArn: v.pipe(
        v.string("an ARN"),
        v.regex(/^arn:aws[a-z-]*:acm:.+:certificate\/.+$/, "the ARN of an ACM certificate"),
      ),
      executeApi: v.optional(v.picklist(["open", "closed"], '"open" or "closed"')),
    }),
  ),
  removal: v.picklist(["retain", "destroy"], '"retain" or "destroy"'),
  concurrency: v.picklist(["reserved", "shared"], '"reserved" or "shared"'),
  rollout: v.picklist(["all-at-once", "canary", "linear"], '"all-at-once", "canary" or "linear"'),
  expected: v.optional(
    v.strictObject({
      webhooksPerDay: wholeNumber("webhooks"),
      openApplications: wholeNumber("applications"),
    }),
  ),
  footprint: v.optional(v.picklist(["full", "lean"], '"full" or "lean"')),
  // Lambda's most.
  batchWindowSeconds: v.optional(
    v.pipe(
      v.number("seconds from 0 to 300"),
      v.integer("whole seconds"),
      v.minValue(0, "seconds from 0 to 300"),
      v.maxValue(300, "seconds from 0 to 300"),
    ),
  ),
  counting: v.optional(v.picklist(["filters", "functions"], '"filters" or "functions"')),
  schemaRegistry: v.optional(v.boolean("true or false")),
  archive: v.optional(
    v.strictObject({
      retentionDays: v.pipe(
        v.number("a number of days"),
        v.integer("whole days"),
        // EventBridge takes 0 for ever; who wants that says a number.
        v.minValue(1, "at least 1 day"),
        v.maxValue(3_650, "at most 3650 days"),
      ),
    }),
  ),
  entityIndex: v.optional(v.picklist(["off", "on"], '"off" or "on"')),
});

/**
 * Checks the values of a stage, before anything is made of them.
 *
 * @throws ConfigurationError with one sentence per mistake: where, the value given, the value wanted.
 */
export function validate(configuration: StageConfiguration): StageConfiguration {
  const result = v.safeParse(schema, configuration, { message: wantedOf });
  const { stage } = configuration;
  const sentences = result.success
    ? [
        ...strangersOf(configuration),
        ...[
          ...implausible(configuration),
          ...mistakesIn(configuration),
          ...targetMistakes(configuration),
        ].map(({ path, given, wanted }) => sentence(stage, path, shown(given), wanted)),
      ]
    : result.issues.map((issue) => sentenceOf(stage, issue));
  if (sentences.length === 0) return asDeployed(configuration);
  throw new ConfigurationError(sentences.join("\n"));
}

/**
 * With the polling that follows from other settings. What is expected may need more runs and pollers; and the poller asks for
 * a decision at once, so that the schedule of the poller is the longest wait.
 */
function asDeployed(configuration: StageConfiguration): StageConfiguration {
  const polling = pollingFor(configuration);
  const isOften = configuration.decision === "off" || polling.rateMs === MINUTE_MS;
  const often = isOften ? polling : { ...polling, rateMs: MINUTE_MS };
  return often === configuration.polling ? configuration : { ...configuration, polling: often };
}

function sentenceOf(stage: string, issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "the whole";
  const isUnknown = issue.type === "strict_object" && issue.expected === "never";
  if (isUnknown) {
    return `Stage ${JSON.stringify(stage)}, ${path}: there is no such setting; remove it in ${STAGES_FILE}.`;
  }
  const given = isCredentialPlace(path) ? "what is not repeated here" : shown(issue.input);
  return sentence(stage, path, given, issue.message);
}

/** JSON knows no infinite number, and no absent one. The user and the password in a URL go into no log of a build. */
function shown(given: unknown): string {
  if (given === undefined) return "nothing";
  if (typeof given === "number") return String(given);
  return JSON.stringify(given).replaceAll(/\/\/[^\s/"@]*@/g, "//…@");
}

const KINDS: Readonly<Record<string, string>> = {
  Object: "an object, { … }",
  Array: "a list, [ … ]",
  string: "a text",
};

/** What is wanted where the schema has no words of its own for it: the validator's are not for people. */
function wantedOf({ expected }: v.BaseIssue<unknown>): string {
  return KINDS[expected ?? ""] ?? "there, as lib/config/default-stages.ts has it";
}

function sentence(stage: string, path: string, given: string, wanted: string): string {
  return `Stage ${JSON.stringify(stage)}, ${path}: ${given} was given, but it must be ${wanted}; correct it in ${STAGES_FILE}.`;
}

/** Journeys that have routes of their own, and are not accepted. */
function strangersOf({ stage, journeys, journeyRoutes: own }: StageConfiguration): string[] {
  if (journeys.length === 0) return [];
  return Object.keys(own)
    .filter((token) => !journeys.includes(token))
    .map(
      (token) =>
        `Stage ${JSON.stringify(stage)}, journeyRoutes.${token}: this Journey is not among the journeys that are accepted; add it to journeys, or remove it here, in ${STAGES_FILE}.`,
    );
}

function areDifferent(words: readonly string[]): boolean {
  return new Set(words).size === words.length;
}

function isRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const longest = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  if (longest < 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest);
}
