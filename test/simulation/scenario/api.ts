import { randomFor } from "./knobs.ts";
import type { Knobs } from "./knobs.ts";
import { DAY, HOUR } from "../../../tools/cloud-in-memory/clock.ts";

/** An answer of HTTP. */
export interface Page {
  readonly status: number;
  readonly body: string;
}

/** How Alloy's API answers in a world, whatever it is asked. */
export interface ScenarioApi {
  /** The real adapter calls it, and authenticates so; null: it is called as the port has it. */
  readonly overHttp: "basic" | "bearer" | null;
  /** What the token endpoint says. @param expiresAt - epoch milliseconds. */
  readonly bearerAnswer: (bearer: string, expiresAt: number) => unknown;
  /** When it answers everything with one page: epoch milliseconds; null: never. */
  readonly refusal: { readonly from: number; readonly until: number; readonly page: Page } | null;
  /** From when on it takes our key no more, epoch milliseconds; infinite: it does. */
  readonly revokedAt: number;
  /** What it answers about an application that it never knows. */
  readonly pageOfUnknown: Page;
}

/** The error body of Alloy's API (docs/alloy.md#errors). */
export function errorPage(status: number, minorCode: number): Page {
  const error = { minor_code: minorCode, type: "Error", message: "", details: {}, error_token: "" };
  return { status, body: JSON.stringify({ status_code: status, error }) };
}

const HTML = "<!doctype html><html><body>Access denied</body></html>";

/** What a firewall, a base URL without its version, or a key of another account make of every answer. */
const REFUSALS: readonly [Page, ...Page[]] = [
  { status: 403, body: HTML },
  { status: 404, body: HTML },
  { status: 404, body: "{}" },
  { status: 400, body: HTML },
  { status: 200, body: HTML },
  { status: 403, body: JSON.stringify({ message: "Missing Authentication Token" }) },
];

export function apiOf(
  seed: number,
  knobs: Knobs,
  { from, until }: { readonly from: number; readonly until: number },
): ScenarioApi {
  const random = randomFor(seed, "api");
  const refusesAll = knobs.has("api-refuses-all");
  const isBearer = knobs.has("bearer");
  const isOverHttp = refusesAll || isBearer || knobs.has("api-refuses-some");
  const begins = random.between(from, until);
  const lasts = random.pick([
    random.between(HOUR, 8 * HOUR),
    random.between(HOUR, 8 * HOUR),
    9 * DAY,
  ]);
  return {
    overHttp: isOverHttp ? (isBearer ? "bearer" : "basic") : null,
    refusal: refusesAll
      ? { from: begins, until: begins + lasts, page: random.pick([...REFUSALS]) }
      : null,
    revokedAt: knobs.has("revoked-key")
      ? randomFor(seed, "revoked-key").between(from, until)
      : Number.POSITIVE_INFINITY,
    pageOfUnknown: random.pick([errorPage(404, 4041), errorPage(403, 4013)]),
    bearerAnswer: random.pick<ScenarioApi["bearerAnswer"]>([
      (bearer) => ({ access_token: bearer, expires_in: 3_600 }),
      (bearer) => ({ access_token: bearer, expires_in: "3600" }),
      (bearer) => ({ access_token: bearer }),
      (bearer) => ({ access_token: bearer, token_type: "bearer", expires_in: null }),
      (bearer, expires) => ({ bearer_token: bearer, expires }),
    ]),
  };
}
