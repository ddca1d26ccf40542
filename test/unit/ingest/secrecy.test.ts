import { expect, it } from "vitest";

import { postTo, basicOf, DEFECT, signatureOf } from "../../support/ingest.ts";

const MARK = "MARKED";
const PASSWORD = `${MARK}-password-of-Alloy`;
const KEY = `${MARK}-key-of-webhooks`;
const SECRET = { basic: [{ username: `${MARK}-user`, password: PASSWORD }], hmac: [KEY] };

/** A body and headers in which everything that must not be logged is marked. */
const body = JSON.stringify({ data: { name_first: `${MARK}-name`, ssn: `${MARK}-ssn` } });
const right = basicOf(`${MARK}-user`, PASSWORD);
const wrong = basicOf(`${MARK}-user`, `${MARK}-guess`);

/** Spellings under which a marked value could hide. */
const SPELLINGS = [
  MARK,
  DEFECT,
  ...[right, wrong, signatureOf(KEY, body)].map((header) => header.replace("Basic ", "")),
  Buffer.from(body).toString("base64"),
  Buffer.from(MARK).toString("hex"),
];

it.each([
  ["200", {}, right, 200],
  ["200 by a signature", {}, signatureOf(KEY, body), 200],
  ["401", {}, wrong, 401],
  ["401 by something malformed", {}, `${MARK} ${MARK}`, 401],
  ["401 without a credential", { secret: {} }, right, 401],
  ["401 with a malformed secret", { secretText: `{"${MARK}"` }, right, 401],
  ["403", { allowListMode: "enforce" }, right, 403],
  ["503 of the queue", { queueFailure: "timeout" }, right, 503],
  ["503 of a defect", { defectIn: "queue" }, right, 503],
  ["503 of Secrets Manager", { secretFailure: "denied" }, right, 503],
] as const)(
  "the log of ingest holds nothing of body, headers and secret after %s",
  async (_, options, authorization, statusCode) => {
    const sourceIp = statusCode === 403 ? "203.0.113.9" : "52.7.221.27";
    const headers = {
      authorization,
      "user-agent": `${MARK}-agent`,
      "x-forwarded-for": `${MARK}-address`,
    };

    const { answer, lines } = await postTo(
      { secret: SECRET, ...options },
      { body, headers, sourceIp },
    );

    expect(answer.statusCode).toBe(statusCode);
    expect(lines).not.toEqual([]);
    const log = lines.join("\n");
    expect(SPELLINGS.filter((spelling) => log.includes(spelling))).toEqual([]);
    expect(JSON.stringify(answer)).not.toContain(MARK);
  },
);
