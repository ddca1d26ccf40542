/**
 * How Alloy's webhooks prove that they are Alloy's: by the webhook secret, or by a token that API Gateway has checked.
 */
export type AuthSettings = "secret" | { readonly jwt: TokenSettings };

/** What a token must say. */
export interface TokenSettings {
  readonly issuer: string;
  /** One of them must be the token's `aud`, or, where there is no `aud`, its `client_id`. */
  readonly audience: readonly string[];
  /** The token needs one of them. */
  readonly scopes: readonly string[];
}

/** Ingest's settings file. */
export interface IngestSettings {
  readonly auth: AuthSettings;
  readonly allowList: AllowListSettings;
  /** Whether it counts a stored webhook itself. Else a metric filter of the stack does, over the access log. */
  readonly countsStored: boolean;
}

/** Which addresses webhooks are expected from. */
export interface AllowListSettings {
  /** `observe` counts what comes from elsewhere, `enforce` also answers it 403. */
  readonly mode: "observe" | "enforce";
  /** IPv4 or IPv6 ranges; an address without a prefix length is one address. */
  readonly cidrs: readonly string[];
}
