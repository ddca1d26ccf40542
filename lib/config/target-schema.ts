import * as v from "valibot";
import { isFifo, OWN_TARGETS, TARGET_SERVICES, targetKindOf } from "./route-targets.ts";

/** EventBridge's limit of an endpoint of an API destination, in characters. */
const LONGEST_URL = 2_048;

/** EventBridge's limit of calls a second to one API destination. */
const MOST_PER_SECOND = 300;

const RESERVED: readonly string[] = [...Object.values(OWN_TARGETS), "hold"];

const name = v.pipe(
  v.string("a name"),
  v.regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "a name in lower-case words with hyphens"),
  v.maxLength(30, "30 characters at most"),
  v.check((given) => !RESERVED.includes(given), `another name: ${RESERVED.join(", ")} are taken`),
  v.check((given) => !given.endsWith("-replay"), "a name that does not end in -replay: rules do"),
);

const arnOf = (wanted: string) =>
  v.pipe(
    v.string(wanted),
    v.check((arn) => targetKindOf(arn) !== undefined, `the ARN of one of ${TARGET_SERVICES}`),
    v.check(
      (arn) => targetKindOf(arn) !== "topic" || !isFifo(arn),
      "a standard topic: EventBridge gives a message to a FIFO topic no message group",
    ),
  );

/** A route's one target by its ARN. */
export const targetArn = v.nullable(arnOf("an ARN or null"));

const arnTarget = v.strictObject({
  name,
  arn: arnOf("an ARN"),
  group: v.optional(v.picklist(["application", "event"], '"application" or "event"')),
});

const url = v.pipe(
  v.string("an https URL"),
  v.check(
    (given) => given.startsWith("https://"),
    "an https URL: EventBridge sends nothing without TLS",
  ),
  v.check((given) => URL.canParse(given), "an https URL"),
  v.maxLength(LONGEST_URL, `${LONGEST_URL} characters at most`),
  v.check((given) => {
    const read = URL.parse(given);
    return (
      read === null ||
      [read.username, read.password, read.search, read.hash].every((part) => part === "")
    );
  }, "an https URL without a user, a password, a query and a fragment: what authenticates stands in a secret"),
  v.check(
    (given) => !given.includes("*"),
    "an https URL without *: EventBridge would ask for a value of it",
  ),
  v.check(
    (given) => isPublic(URL.parse(given)),
    "an https URL with a public name: EventBridge calls no address",
  ),
);

const secret = v.pipe(
  v.string("the ARN of a secret of Secrets Manager"),
  v.regex(
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$/,
    "the whole ARN of a secret of Secrets Manager, with the six characters at its end: no credential stands in the configuration",
  ),
);

const AUTH =
  "one of { basic: { secret } }, { apiKey: { header, secret } }, { oauth: { tokenUrl, secret } }";

const auth = v.lazy((given) => {
  if (!isObject(given)) return v.never(AUTH);
  if ("basic" in given) return v.strictObject({ basic: v.strictObject({ secret }) });
  if ("apiKey" in given) {
    const header = v.pipe(
      v.string("the name of a header"),
      v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/, "the name of a header, such as x-api-key"),
    );
    return v.strictObject({ apiKey: v.strictObject({ header, secret }) });
  }
  if ("oauth" in given) {
    const scope = v.optional(v.pipe(v.string("a scope"), v.minLength(1, "a scope")));
    return v.strictObject({ oauth: v.strictObject({ tokenUrl: url, scope, secret }) });
  }
  return v.never(AUTH);
});

const perSecond = v.pipe(
  v.number("a number of calls"),
  v.integer("a whole number of calls"),
  v.minValue(1, "at least 1 call"),
  v.maxValue(MOST_PER_SECOND, `at most ${MOST_PER_SECOND} calls: EventBridge's own limit`),
);

const httpTarget = v.strictObject({
  name,
  http: v.strictObject({
    url,
    method: v.optional(v.picklist(["POST", "PUT", "PATCH"], '"POST", "PUT" or "PATCH"')),
    auth,
    perSecond: v.optional(perSecond),
  }),
});

/** The targets that a route has beside its queue. */
export const routeTargets = v.array(
  // Each mistake within has its own sentence, which a union would not say.
  v.lazy((given) => (isObject(given) && "http" in given ? httpTarget : arnTarget)),
  "a list of targets",
);

/** A given value as an error may show it: a credential that stands where an ARN belongs stays out of every log. */
export function isCredentialPlace(path: string): boolean {
  return /^routes\.[^.]+\.targets\.\d+\.http(?:$|\.(?:auth|url)(?:$|\.))/.test(path);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What is no URL at all has its own sentence. */
function isPublic(url: URL | null): boolean {
  if (url === null) return true;
  const { hostname } = url;
  return hostname.includes(".") && !/^[\d.]+$/.test(hostname) && !hostname.startsWith("[");
}
