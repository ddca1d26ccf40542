import { parseAlloyApplication } from "../../domain/reconciliation/alloy-application.ts";
import { isJsonObject, objectIn, readJson } from "../../domain/event/external-json.ts";
import { isToken, readNumber } from "../../domain/event/external-text.ts";
import { parseInvestigationPage } from "../../domain/reconciliation/investigation-list.ts";
import type { AlloyAnswer, AlloyApi, AlloyListAnswer } from "../../domain/polling/polling-ports.ts";
import { INVESTIGATIONS } from "../../settings/limits.ts";
import type { AlloyAuthorization } from "./alloy-authorization.ts";
import { callAlloy } from "./alloy-http.ts";

/**
 * Minor codes by which Alloy says that it does not know an application, or not by this account (docs/alloy.md#errors). A
 * status alone says nothing: a firewall's page and a base URL without its version are 403 and 404 too.
 */
const UNKNOWN_CODES: readonly (number | null)[] = [4041, 4013];

/** Alloy's API over HTTPS (docs/alloy.md#the-api). It never throws for what the network or Alloy does. */
export class HttpAlloyApi implements AlloyApi {
  readonly #baseUrl: string;
  readonly #authorization: AlloyAuthorization;
  readonly #fetch: typeof fetch;
  readonly #now: () => number;

  constructor(options: {
    /** With Alloy's version: `https://sandbox.alloy.co/v1`. */
    readonly baseUrl: string;
    readonly authorization: AlloyAuthorization;
    readonly fetch: typeof fetch;
    readonly now: () => number;
  }) {
    this.#baseUrl = options.baseUrl;
    this.#authorization = options.authorization;
    this.#fetch = options.fetch;
    this.#now = options.now;
  }

  async getApplication(
    asked: { readonly applicationToken: string; readonly journeyToken: string },
    timeoutMs: number,
  ): Promise<AlloyAnswer> {
    // The tokens become part of a path that is requested with our API key.
    if (!isToken(asked.journeyToken) || !isToken(asked.applicationToken)) {
      return { kind: "failed", cause: "refused", retryAfterMs: null };
    }
    // Without `fullData`, and never by a link of Alloy's: the tokens alone make the path.
    const path = `journeys/${asked.journeyToken}/applications/${asked.applicationToken}`;
    const answer = await this.#get(path, timeoutMs);
    if ("failure" in answer) return answer.failure;
    const { status, body, restMs } = answer;
    const rest = restMs === null ? {} : { restMs };
    if (status >= 400) {
      const code = minorCodeOf(body);
      return UNKNOWN_CODES.includes(code)
        ? { kind: "unknown", status, minorCode: code, ...rest }
        : { kind: "failed", cause: "refused", retryAfterMs: null };
    }
    const parsed = status === 200 ? parseAlloyApplication(body, asked) : null;
    return parsed !== null && "application" in parsed
      ? { kind: "application", application: parsed.application, ...rest }
      : { kind: "failed", cause: "not-an-application", retryAfterMs: null };
  }

  async listInvestigations(page: number, timeoutMs: number): Promise<AlloyListAnswer> {
    const query = new URLSearchParams({
      pageNum: String(page),
      numRowsPerPage: String(INVESTIGATIONS.pageSize),
      sortColumn: "updated_at",
      sortOrder: "DESC",
      // An object in a query is written so by the parser of Alloy's server (docs/decisions/0037).
      "q[includeClosed]": "true",
    });
    const answer = await this.#get(`investigations?${query.toString()}`, timeoutMs);
    if ("failure" in answer) return answer.failure;
    const { status, body, restMs } = answer;
    if (status >= 400) return { kind: "failed", cause: "refused", retryAfterMs: null };
    const parsed = status === 200 ? parseInvestigationPage(body, page) : null;
    if (parsed === null) return { kind: "failed", cause: "not-an-application", retryAfterMs: null };
    return { kind: "investigations", page: parsed, ...(restMs !== null && { restMs }) };
  }

  renewCredentials(): void {
    this.#authorization.renew();
  }

  /** @param timeoutMs - for both, the credentials and the call. */
  async #get(path: string, timeoutMs: number) {
    const endsAt = this.#now() + timeoutMs;
    const authorization = await this.#authorization.header(timeoutMs);
    if (typeof authorization !== "string") return authorization;
    const url = `${this.#baseUrl}/${path}`;
    return callAlloy(
      { url, method: "GET", authorization, timeoutMs: endsAt - this.#now() },
      { fetch: this.#fetch, now: this.#now },
    );
  }
}

function minorCodeOf(body: string): number | null {
  const read = readJson(body);
  // A proxy's page: the status says all there is to know.
  if ("reason" in read || !isJsonObject(read.json)) return null;
  return readNumber(objectIn(read.json, "error")["minor_code"]);
}
