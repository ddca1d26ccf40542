import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";

import { BODY, FORGERIES, KEY, PASSWORD, USERNAME } from "../../support/forgeries.ts";
import { aRequest, anIngest, basicOf, signatureOf } from "../../support/ingest.ts";
import { anyText } from "../../support/any-text.ts";

const SECRET = {
  basic: [
    { username: USERNAME, password: PASSWORD },
    { username: "another", password: "another live password" },
  ],
  hmac: ["another live key", KEY],
};

/** Random headers on top of the listed forgeries. */
const RANDOM_HEADERS = 1_000;

let cases = 0;
let acceptedCases = 0;

afterAll(() => console.log(`forgeries: ${cases} cases, ${acceptedCases} accepted`));

/** Answers that are not a plain 401, and messages that got through. */
async function accepted(ingest: ReturnType<typeof anIngest>, requests: readonly Request[]) {
  const wrong: string[] = [];
  for (const { name, headers, body } of requests) {
    const answer = await ingest.handle(aRequest({ headers, body }));
    cases += 1;
    acceptedCases += Number(answer.statusCode === 200);
    if (answer.statusCode !== 401 || answer.body !== "{}")
      wrong.push(`${name}: ${answer.statusCode}`);
  }
  return [...wrong, ...ingest.messages, ...ingest.payloads.keys()];
}

type Request = (typeof FORGERIES)[number];

const bearing = (authorization: string): Request => ({
  name: authorization,
  headers: { authorization },
  body: BODY,
});

describe("forged requests", () => {
  it(`are accepted in none of ${FORGERIES.length} listed cases`, async () => {
    const ingest = anIngest({ secret: SECRET });

    expect(await accepted(ingest, FORGERIES)).toEqual([]);
    expect(ingest.counted("CredentialsRejected")).toBe(FORGERIES.length);
  });

  it(`are accepted in none of ${RANDOM_HEADERS} random cases`, async () => {
    const ingest = anIngest({ secret: SECRET });
    const base64 = fc
      .uint8Array({ maxLength: 64 })
      .map((bytes) => Buffer.from(bytes).toString("base64"));
    const authorization = fc.oneof(
      anyText(),
      base64,
      base64.map((token) => `Basic ${token}`),
      fc.tuple(fc.string(), fc.string()).map(([user, password]) => basicOf(user, password)),
    );

    await fc.assert(
      fc.asyncProperty(authorization, async (value) => {
        expect(await accepted(ingest, [bearing(value)])).toEqual([]);
      }),
      { numRuns: RANDOM_HEADERS },
    );
  });

  it("are accepted in no listed case when the secret is empty", async () => {
    const ingest = anIngest({ secret: {} });

    expect(await accepted(ingest, FORGERIES)).toEqual([]);
  });

  it.each([
    { basic: [{ username: "", password: "" }], hmac: [""] },
    { basic: [{ username: USERNAME, password: "" }], hmac: [] },
    { basic: [{ username: USERNAME }, null, "x", {}, []], hmac: [null, 1, {}] },
    { basic: [{ username: "a:b", password: "c" }] },
    { basic: [{ username: "\ud800", password: "\ud800" }], hmac: ["\ud800", "\0", "\0\0"] },
    { basic: { username: "a", password: "b:c" }, hmac: ["\0"] },
    { basic: [["a", "b:c"]], hmac: [true, ["k"], ""] },
  ])("are accepted in no case that a careless secret invites: %j", async (secret) => {
    const ingest = anIngest({ secret });
    const headers = [
      basicOf("", ""),
      basicOf(USERNAME, ""),
      basicOf(USERNAME, "undefined"),
      basicOf("a", "b:c"),
      basicOf("a:b", "c"),
      signatureOf("", BODY),
      signatureOf("null", BODY),
      signatureOf("1", BODY),
      signatureOf("[object Object]", BODY),
      basicOf("\ufffd", "\ufffd"),
      signatureOf("\ufffd", BODY),
      signatureOf("true", BODY),
      signatureOf("k", BODY),
    ];

    const wrong = await accepted(ingest, headers.map(bearing));

    expect(wrong).toEqual([]);
    expect(ingest.lines.join()).toMatch(/ingest\.secret\.(entries-refused|malformed)/);
  });
});

const good = { username: USERNAME, password: PASSWORD };

it.each([
  [{ basic: [null, { username: "" }, "x", good], hmac: ["", 7, null, KEY] }, 6],
  [{ basic: { username: USERNAME, password: PASSWORD }, hmac: [KEY] }, 1],
  [{ basic: [good], hmac: KEY }, 1],
  [{ basic: null, hmac: [KEY] }, 0],
  [{ basic: [good], hmac: null }, 0],
])(
  "one entry of the secret that is of no use does not close the door to the others: %j",
  async (secret, refused) => {
    const ingest = anIngest({ secret });

    const answers = [
      await ingest.handle(aRequest({ authorization: basicOf(USERNAME, PASSWORD), body: BODY })),
      await ingest.handle(aRequest({ authorization: signatureOf(KEY, BODY), body: BODY })),
    ];

    const isLive = [Array.isArray(secret.basic), Array.isArray(secret.hmac)];
    expect(answers.map(({ statusCode }) => statusCode === 200)).toEqual(isLive);
    const logged = ingest.lines.filter((line) => line.includes(`"refused":${refused}`));
    expect(logged.length > 0).toBe(refused > 0);
  },
);

it.each([
  ["Basic", { authorization: basicOf(USERNAME, PASSWORD) }],
  ["Basic with the second pair", { authorization: basicOf("another", "another live password") }],
  ["Basic in another casing", { AuthorizatioN: basicOf(USERNAME, PASSWORD) }],
  [
    "the scheme in another casing",
    { authorization: basicOf(USERNAME, PASSWORD).replace("Basic", "bASIC") },
  ],
  ["a signature", { authorization: signatureOf(KEY, BODY) }],
  ["a signature with the first key", { authorization: signatureOf("another live key", BODY) }],
  [
    "Basic with more than one space",
    { authorization: basicOf(USERNAME, PASSWORD).replace(" ", "   ") },
  ],
])("the requests that were forged are accepted as Alloy sends them: %s", async (_, headers) => {
  const ingest = anIngest({ secret: SECRET });

  const answers = [
    await ingest.handle(aRequest({ headers, body: BODY })),
    // API Gateway hands over as base64 what it does not take for text.
    await ingest.handle(aRequest({ headers, body: Buffer.from(BODY) })),
  ];

  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect(ingest.messages).toHaveLength(2);
});

it.each(["NFC", "NFD"] as const)(
  "letters that Unicode writes in two ways are compared as they stand in the secret: %s",
  async (form) => {
    const [password, key] = [PASSWORD.normalize(form), `é${KEY}`.normalize(form)];
    const other = form === "NFC" ? "NFD" : "NFC";
    const ingest = anIngest({ secret: { basic: [{ username: USERNAME, password }], hmac: [key] } });
    const statusOf = async (authorization: string) =>
      (await ingest.handle(aRequest({ authorization, body: BODY }))).statusCode;

    const answers = [
      await statusOf(basicOf(USERNAME, password)),
      await statusOf(signatureOf(key, BODY)),
      await statusOf(basicOf(USERNAME, password.normalize(other))),
      await statusOf(signatureOf(key.normalize(other), BODY)),
    ];

    expect(answers).toEqual([200, 200, 401, 401]);
  },
);
