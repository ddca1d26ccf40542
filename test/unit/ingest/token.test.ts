import { describe, expect, it } from "vitest";

import { postTo } from "../../support/ingest.ts";

const jwt = {
  issuer: "https://login.example.com",
  audience: ["alloy", "alloy-next"],
  scopes: ["alloy/webhooks.write", "alloy/test"],
};

/** As API Gateway hands over an access token: each claim as text, a list in brackets. */
const CLAIMS = { iss: jwt.issuer, aud: "alloy", scope: "openid alloy/webhooks.write", exp: "1" };

const checked = (claims: unknown, scopes: unknown = null) => ({ jwt: { claims, scopes } });

const post = (authorizer: unknown) =>
  postTo({ auth: { jwt }, secret: {} }, { authorization: "Bearer a.b.c", authorizer });

describe("ingest, when API Gateway checks tokens", () => {
  it.each([
    ["an access token", checked(CLAIMS)],
    ["a token with several audiences", checked({ ...CLAIMS, aud: "[other alloy-next]" })],
    ["a token of Amazon Cognito", checked({ ...CLAIMS, aud: undefined, client_id: "alloy" })],
    [
      "a token whose scopes are a list",
      checked({ ...CLAIMS, scope: undefined, scp: "[openid alloy/test]" }),
    ],
    [
      "a token whose scopes only API Gateway names",
      checked({ ...CLAIMS, scope: undefined }, ["alloy/test"]),
    ],
  ])("takes the webhook with %s", async (_, authorizer) => {
    const { answer, ...ingest } = await post(authorizer);

    expect(answer.statusCode).toBe(200);
    expect(ingest.messages).toHaveLength(1);
  });

  it.each([
    ["no authorizer", undefined],
    ["null for an authorizer", null],
    ["an authorizer that says nothing", {}],
    ["an authorizer of another kind", { lambda: { claims: CLAIMS } }],
    ["an IAM authorizer", { iam: { accessKey: "AKID" } }],
    ["no claims", { jwt: { scopes: ["alloy/webhooks.write"] } }],
    ["claims that are text", checked("iss")],
    ["another issuer", checked({ ...CLAIMS, iss: "https://evil.example.com" })],
    ["an issuer that only begins like it", checked({ ...CLAIMS, iss: `${jwt.issuer}.evil.com` })],
    ["no issuer", checked({ ...CLAIMS, iss: undefined })],
    ["another audience", checked({ ...CLAIMS, aud: "other" })],
    ["another audience and our client", checked({ ...CLAIMS, aud: "other", client_id: "alloy" })],
    ["no audience", checked({ ...CLAIMS, aud: undefined })],
    ["another scope", checked({ ...CLAIMS, scope: "openid" })],
    ["a scope that only begins like it", checked({ ...CLAIMS, scope: "alloy/webhooks.writes" })],
    ["no scope", checked({ ...CLAIMS, scope: undefined })],
    ["claims by inheritance", Object.create(checked(CLAIMS))],
  ])(
    "answers 401 to a request with %s, and alarms as without a credential",
    async (_, authorizer) => {
      const { answer, ...ingest } = await post(authorizer);

      expect(answer.statusCode).toBe(401);
      expect(ingest.messages).toEqual([]);
      expect(ingest.counted("CredentialsRejected")).toBe(1);
      expect(ingest.counted("CredentialsMissing")).toBe(1);
      expect(ingest.lines.join()).toContain("ingest.token.missing");
    },
  );

  it("takes no password of the webhook secret", async () => {
    const { answer } = await postTo({ auth: { jwt } });

    expect(answer.statusCode).toBe(401);
  });
});
