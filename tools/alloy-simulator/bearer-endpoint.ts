import * as v from "valibot";

import { BEARER_LIFETIME_SECONDS, readBasic } from "./api-credentials.ts";
import type { ApiCredentials } from "./api-credentials.ts";
import { bearerErrorReply, jsonReply, readJson } from "./api-reply.ts";
import type { ApiReply, ApiRequest, ErrorContext } from "./api-reply.ts";

const BearerSchema = v.object({
  grant_type: v.optional(v.string()),
  application_token: v.optional(v.string()),
  application_secret: v.optional(v.string()),
});

/**
 * `POST /v1/oauth/bearer` (docs: authentication-guide). The credentials come by Basic with a
 * `client_credentials` grant, or in the body; each way has a shape of answer of its own.
 */
export function answerBearer(
  request: ApiRequest,
  credentials: ApiCredentials,
  context: (message: string, details?: Record<string, unknown>) => ErrorContext,
): ApiReply {
  const parsed = v.safeParse(BearerSchema, readJson(request.body === "" ? "{}" : request.body));
  if (!parsed.success) {
    return bearerErrorReply("bodyValidation", context("Body validation failed"));
  }
  const { grant_type, application_token, application_secret } = parsed.output;
  const basic = readBasic(request.headers["authorization"]);
  const isAccepted = basic
    ? credentials.acceptsPair(basic.username, basic.password)
    : credentials.acceptsPair(application_token, application_secret);
  if (!isAccepted) return bearerErrorReply("badCredentials", context("Bad credentials"));
  if (basic && grant_type !== "client_credentials") {
    const details = { grant_type: `wants "client_credentials"` };
    return bearerErrorReply("bodyValidation", context("Body validation failed", details));
  }
  const { token, expiresAt } = credentials.issueBearer();
  return basic
    ? jsonReply(200, {
        access_token: token,
        token_type: "bearer",
        expires_in: BEARER_LIFETIME_SECONDS,
      })
    : jsonReply(200, { bearer_token: token, expires: expiresAt });
}
