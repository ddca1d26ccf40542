import * as fc from "fast-check";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { isPlaceholder, weaknessOf } from "../../../lambdas/domain/secret-strength.ts";
import { parseCredentials } from "../../../lambdas/ingest/credentials.ts";
import { anyText } from "../../support/any-text.ts";

describe("a secret", () => {
  it.each([
    ["", "too-short"],
    ["a", "too-short"],
    ["mR4q!vX9zL2#cWp", "too-short"],
    ["👍🏽🎉🚀🔥💯🙏👀", "too-short"],
    ["  short         ", "too-short"],
    ["…", "placeholder"],
    ["...", "placeholder"],
    ["a long random text", "placeholder"],
    ["A Long Random Text", "placeholder"],
    ["a-long-random-text", "placeholder"],
    [" 'a long random text' ", "placeholder"],
    ["your API token", "placeholder"],
    ["<the password that you invented>", "placeholder"],
    ["$(openssl rand -base64 32)", "placeholder"],
    ["openssl rand -base64 32", "placeholder"],
    ["${WEBHOOK_PASSWORD}", "placeholder"],
    ["{{resolve:secretsmanager:x}}", "placeholder"],
    ["change me before production", "placeholder"],
    ["changeme-changeme-now", "placeholder"],
    ["aaaaaaaaaaaaaaaaaaaa", "predictable"],
    ["abababababababababab", "predictable"],
    ["passwordpassword", "predictable"],
    ["passwordpasswordpass", "predictable"],
    ["passwordPASSWORDPassword", "predictable"],
    ["alloyalloyalloyalloy", "predictable"],
    ["0123456789abcdef", "predictable"],
    ["12345678901234567890", "predictable"],
    ["zyxwvutsrqponmlkjihg", "predictable"],
    ["1111222233334444", "predictable"],
  ])("is refused when it is %j: %s", (secret, weakness) => {
    expect(weaknessOf(secret)).toBe(weakness);
  });

  it.each([
    "alloy-webhooks-production",
    "ALLOY-webhooks-Production",
    " alloy-webhooks-production ",
  ])("is refused when it is the username: %j", (password) => {
    expect(weaknessOf(password, "alloy-webhooks-production")).toBe("same-as-username");
  });

  it.each(["mR4q!vX9zL2#cWpT", "correct horse battery", "pä:sswörd? é> of Alloy"])(
    "is taken when it is %j",
    (secret) => {
      expect(weaknessOf(secret, "alloy")).toBeNull();
    },
  );

  it.each([
    ["the command of the documentation", () => randomBytes(32).toString("base64")],
    ["chance, as sixteen hexadecimal digits", () => randomBytes(8).toString("hex")],
  ])("is taken when it is made by %s", (_, make) => {
    const made = Array.from({ length: 10_000 }, make);

    expect(made.filter((secret) => weaknessOf(secret, "alloy") !== null)).toEqual([]);
  });

  it("is never taken below sixteen characters", () => {
    fc.assert(
      fc.property(anyText({ maxLength: 15 }), (secret) => {
        expect(weaknessOf(secret)).not.toBeNull();
      }),
    );
  });
});

describe("what the documentation shows as a secret", () => {
  const pages = [
    "README.md",
    ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`),
    "tools/alloy-simulator/README.md",
  ].filter((file) => file.endsWith(".md"));
  const shown = pages.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const objects = text.match(/\{ ?"(?:basic|hmac|token)":.*\}/g) ?? [];
    return objects.map((object) => [file, object] as const);
  });

  it("is found", () => {
    expect(shown.length).toBeGreaterThanOrEqual(3);
  });

  it.each(shown.filter(([, object]) => /"(?:basic|hmac)"/.test(object)))(
    "authenticates nobody who copies it: %s, %s",
    (_, object) => {
      expect(parseCredentials(object)).toMatchObject({ basic: [], hmac: [] });
    },
  );

  it.each(shown.filter(([, object]) => object.includes('"token"')))(
    "is no key of Alloy's API: %s, %s",
    (_, object) => {
      const values: unknown[] = Object.values(JSON.parse(object));

      expect(values.map((value) => isPlaceholder(String(value)))).toEqual(values.map(() => true));
    },
  );
});
