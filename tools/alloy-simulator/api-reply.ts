/** What the HTTP server gives the API and the admin API, and what it gets back. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface ApiReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonReply(
  status: number,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiReply {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(json),
  };
}

/** The parsed text; undefined when it is not JSON, which no schema accepts. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The schema's answer, 400 with minor code 4002, says all that Alloy would.
  }
}

/** The errors of Alloy's API that this simulator gives (docs: _errors, authentication-guide, request-handling-retry). */
const API_ERRORS = {
  bodyValidation: { status: 400, minorCode: 4002, type: "Bad Request" },
  badCredentials: { status: 401, minorCode: 4011, type: "API Authentication Failure" },
  bearerExpired: { status: 401, minorCode: 4012, type: "API Authentication Failure" },
  notFound: { status: 404, minorCode: 4041, type: "Not Found" },
  rateLimit: { status: 429, minorCode: 4033, type: "Rate Limit Exceeded" },
  internal: { status: 500, minorCode: 5000, type: "Internal Server Error" },
  // The minor code of 503 is not documented.
  maintenance: { status: 503, minorCode: 5030, type: "Service Unavailable" },
} as const;

export type ApiErrorName = keyof typeof API_ERRORS;

export interface ErrorContext {
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly errorToken: string;
  readonly now: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error body that all endpoints but the token endpoint give. */
export function errorReply(name: ApiErrorName, context: ErrorContext): ApiReply {
  const { status } = API_ERRORS[name];
  const json = {
    status_code: status,
    ...errorPart(name, context),
    timestamp: context.now,
    evaluation_token: null,
    entity_token: null,
    application_token: null,
    application_version_id: null,
  };
  return jsonReply(status, json, context.headers);
}

/** The token endpoint's error body: `error` alone. */
export function bearerErrorReply(name: ApiErrorName, context: ErrorContext): ApiReply {
  return jsonReply(API_ERRORS[name].status, errorPart(name, context), context.headers);
}

function errorPart(name: ApiErrorName, context: ErrorContext) {
  const { minorCode, type } = API_ERRORS[name];
  return {
    error: {
      minor_code: minorCode,
      type,
      message: context.message,
      details: context.details ?? {},
      error_token: context.errorToken,
    },
  };
}
