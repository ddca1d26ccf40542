import { createHmac } from "node:crypto";

import { makeTokens } from "./tokens.ts";

/** How long a bearer token lives (docs: authentication-guide): one hour, never scaled. */
const BEARER_LIFETIME_MS = 3_600_000;

/** The same, as the token endpoint says it. */
export const BEARER_LIFETIME_SECONDS = BEARER_LIFETIME_MS / 1_000;

/** One account-level API key. Alloy lets up to five secrets of a key be live at once. */
export interface ApiKey {
  readonly token: string;
  readonly secrets: readonly string[];
}

export type ApiCredentials = Readonly<ReturnType<typeof makeApiCredentials>>;

/** Reads `Basic …`; undefined when it is none. */
export function readBasic(
  authorization: string | undefined,
): { readonly username: string; readonly password: string } | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const [username = "", ...rest] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  return rest.length === 0 ? undefined : { username, password: rest.join(":") };
}

/** Basic with `token:secret` on each request, or a bearer token that was fetched with it. */
export function makeApiCredentials(key: ApiKey, now: () => number, random: () => number) {
  const tokens = makeTokens(random);
  const signingSecret = tokens.uuid();
  const bearers = new Map<string, number>();

  const acceptsPair = (token: unknown, secret: unknown) =>
    typeof secret === "string" && token === key.token && key.secrets.includes(secret);

  return {
    acceptsPair,
    /** Whether a request may pass, and if not, which of Alloy's two answers it gets. */
    verdictOn: (
      authorization: string | undefined,
    ): "accepted" | "badCredentials" | "bearerExpired" => {
      const basic = readBasic(authorization);
      if (basic) return acceptsPair(basic.username, basic.password) ? "accepted" : "badCredentials";
      const [, bearer = ""] = /^Bearer (\S+)$/i.exec(authorization ?? "") ?? [];
      const expiresAt = bearers.get(bearer);
      if (expiresAt === undefined) return "badCredentials";
      return now() < expiresAt ? "accepted" : "bearerExpired";
    },
    /** A new bearer token and the time it ends, in epoch milliseconds. */
    issueBearer: () => {
      const expiresAt = now() + BEARER_LIFETIME_MS;
      const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString("base64url");
      const unsigned = `${part({ alg: "HS256", typ: "JWT" })}.${part({
        jti: tokens.uuid(),
        exp: Math.floor(expiresAt / 1_000),
      })}`;
      const signature = createHmac("sha256", signingSecret).update(unsigned).digest("base64url");
      const token = `${unsigned}.${signature}`;
      bearers.set(token, expiresAt);
      return { token, expiresAt };
    },
    /** Lets every bearer token out there be expired from now on. */
    expireBearers: () => {
      for (const token of bearers.keys()) bearers.set(token, now());
    },
  };
}
