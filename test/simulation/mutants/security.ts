import { makeCredentialCache } from "../../../lambdas/ingest/credential-cache.ts";
import type { CredentialCache } from "../../../lambdas/ingest/credential-cache.ts";
import { digestOf } from "../../../lambdas/ingest/credentials.ts";
import { makeAuthorize } from "../../../lambdas/ingest/authorize.ts";
import type { Authorize } from "../../../lambdas/ingest/authorize.ts";
import type { TokenSettings } from "../../../lambdas/settings/ingest-settings.ts";
import { refusalOf } from "../../../tools/guard/refusal.ts";
import { describeLogged } from "../../../tools/local/terminal/progress-log.ts";
import { renderReport } from "../../../tools/local/terminal/report.ts";
import type { Line } from "../../../tools/terminal/lines.ts";
import { makeScreen } from "../../../tools/terminal/screen.ts";
import type { Screen } from "../../../tools/terminal/screen.ts";
import { HOSTILE, hostileIn } from "../../support/hostile.ts";
import { basicOf, signatureOf } from "../../support/ingest.ts";
import type { Mutants } from "./mutant.ts";

/** What lets in somebody, or lets a text out: no world has an attacker. */
export const SECURITY_MUTANTS: Mutants = {
  "jwt-trusts-every-invocation": {
    what: "in OAuth mode a request is taken without a token that API Gateway has checked",
    hunt: (isPlanted) =>
      huntTokens(
        isPlanted ? () => Promise.resolve("authentic") : makeAuthorize({ jwt }, NO_SECRET),
      ),
  },
  "jwt-of-any-audience": {
    what: "in OAuth mode a token for another service of the same issuer is taken",
    hunt: (isPlanted) =>
      huntTokens(
        makeAuthorize(
          { jwt: isPlanted ? { ...jwt, audience: ["alloy", "payroll"] } : jwt },
          NO_SECRET,
        ),
      ),
  },
  "weak-secret-accepted": {
    what: "a secret that the documentation shows, or that anybody guesses, authenticates",
    async hunt(isPlanted) {
      const passwords = [...WEAK, STRONG];
      const username = "alloy";
      const secret = {
        basic: passwords.map((password) => ({ username, password })),
        hmac: passwords,
      };
      const right = cacheOf(JSON.stringify(secret));
      const everything = {
        credentials: {
          basic: passwords.map((password) => digestOf(`${username}:${password}`)),
          hmac: passwords,
          refused: [],
        },
      };
      const authorize = makeAuthorize(
        "secret",
        isPlanted ? { ...right, current: () => Promise.resolve(everything) } : right,
      );
      const isTaken = async (authorization: string) => {
        const request = { ...REQUEST, headers: { authorization }, authorizer: undefined };
        return (await authorize(request)) === "authentic";
      };
      for (const password of passwords) {
        const answers = [
          await isTaken(basicOf(username, password)),
          await isTaken(signatureOf(password, REQUEST.body)),
        ];
        if (answers.some((taken) => taken !== (password === STRONG))) {
          return `${JSON.stringify(password)} was ${answers.includes(true) ? "taken" : "refused"}`;
        }
      }
      return null;
    },
  },
  "external-text-printed-as-it-is": {
    what: "a text of others reaches the terminal with its control characters",
    async hunt(isPlanted) {
      let written = "";
      const write = (text: string) => void (written += text);
      const right = makeScreen({
        isTerminal: false,
        write,
        writeError: write,
        paint: (_, safe) => safe,
      });
      const screen: Screen = isPlanted
        ? { ...right, print: (...lines) => write(lines.map(unescaped).join("\n")) }
        : right;
      const verdict = {
        alloy: {
          applicationToken: HOSTILE,
          scenario: "denied",
          status: "completed",
          outcome: HOSTILE,
          eventIds: [],
          expected: {},
        },
        here: null,
        received: 0,
        healed: 0,
        published: {},
        faults: [HOSTILE],
      };
      screen.print(
        ...renderReport({ verdicts: [verdict], faults: [] }, { elapsedMs: 0, limitMs: 0 }),
        describeLogged(JSON.stringify({ level: "WARN", code: "a.b.c", message: HOSTILE })) ?? "",
      );
      const found = hostileIn(written);
      return found === null ? null : `${found} was printed`;
    },
  },
  "foreign-host-answered": {
    what: "a page whose own name points to 127.0.0.1 is answered by npm start's stack",
    async hunt(isPlanted) {
      const judged = (headers: Readonly<Record<string, string[]>>) =>
        refusalOf({
          url: "/",
          headersDistinct: isPlanted ? { ...headers, host: ["127.0.0.1:4566"] } : headers,
        });
      for (const headers of PAGES) {
        if (judged(headers) === null) return `a page was answered: ${JSON.stringify(headers)}`;
      }
      return judged({ host: ["127.0.0.1:4566"] }) === null ? null : "a program was refused";
    },
  },
};

const jwt: TokenSettings = {
  issuer: "https://login.example.com",
  audience: ["alloy"],
  scopes: ["send"],
};

const CLAIMS = { iss: jwt.issuer, aud: "alloy", scope: "send" };

const UNJUDGED: readonly unknown[] = [
  undefined,
  { jwt: {} },
  { jwt: { claims: { ...CLAIMS, aud: "payroll" } } },
  { jwt: { claims: { ...CLAIMS, scope: "openid" } } },
  { jwt: { claims: { ...CLAIMS, iss: "https://evil.example" } } },
];

const REQUEST = { headers: { authorization: "Bearer a.b.c" }, body: new Uint8Array(), deadline: 1 };

async function huntTokens(authorize: Authorize): Promise<string | null> {
  for (const authorizer of UNJUDGED) {
    const verdict = await authorize({ ...REQUEST, authorizer });
    if (verdict === "authentic") return `${JSON.stringify(authorizer) ?? "no token"} was taken`;
  }
  const verdict = await authorize({ ...REQUEST, authorizer: { jwt: { claims: CLAIMS } } });
  return verdict === "authentic" ? null : "the right token was refused";
}

const WEAK = ["a long random text", "…", "short", "aaaaaaaaaaaaaaaaaaaaaaaa"];
const STRONG = "mR4q!vX9zL2#cWpT";

/** The bug: what stands in a line is written as it stands there. */
function unescaped(line: Line): string {
  if (typeof line === "string") return line;
  return line.map((part) => (typeof part === "string" ? part : part.text)).join("");
}

/** Requests of pages, by what a browser says of them. */
const PAGES: readonly Readonly<Record<string, string[]>>[] = [
  { host: ["rebound.evil.example:4566"] },
  { host: ["127.0.0.1:4566"], origin: ["https://evil.example"] },
  { host: ["127.0.0.1:4566"], "sec-fetch-site": ["cross-site"] },
];

const NO_SECRET: CredentialCache = cacheOf("{}");

function cacheOf(text: string): CredentialCache {
  return makeCredentialCache({
    source: { read: () => Promise.resolve({ text }) },
    lifetimeMs: 1,
    refreshMs: 1,
    pauseMs: 1,
    readMs: 1,
    now: () => 0,
    metrics: { count() {} },
    logger: { warn() {}, error() {} },
  });
}
