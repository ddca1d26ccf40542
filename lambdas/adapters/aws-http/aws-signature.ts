import { builtins } from "../../lazy-builtins.ts";

/** Credentials of the function's role, as Lambda puts them into the environment. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Absent only where credentials are long-lived: the emulator. */
  readonly sessionToken: string | undefined;
}

/** A request without a query; all its headers are signed. */
export interface UnsignedRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly host: string;
  /** Percent-encoded once, as it is sent. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** @returns the headers to send: those given, and those that Signature Version 4 adds. */
export type Signer = (
  service: string,
  request: UnsignedRequest,
  credentials: AwsCredentials,
  at: Date,
) => Record<string, string>;

const ALGORITHM = "AWS4-HMAC-SHA256";

/**
 * Makes a signer that keeps the derived key of each service, which is good for one day, so that a
 * signature costs two hashes and one HMAC.
 *
 * Why our own: docs/decisions, "Ingest signs its own calls". The rest of the protocol (query strings,
 * repeated headers, streams) is left out because none of our calls uses it.
 *
 * Source: IAM User Guide, "Create a signed AWS API request".
 */
export function makeSigner(region: string): Signer {
  const keys = new Map<string, { readonly madeFrom: string; readonly key: Buffer }>();

  function signingKey(service: string, day: string, secret: string): Buffer {
    const madeFrom = `${day}/${secret}`;
    const known = keys.get(service);
    if (known?.madeFrom === madeFrom) return known.key;
    const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
      hmac,
      `AWS4${secret}`,
    );
    const derived = Buffer.from(key);
    keys.set(service, { madeFrom, key: derived });
    return derived;
  }

  return (service, request, credentials, at) => {
    const time = at.toISOString().replace(/[-:]|\.\d{3}/g, "");
    const day = time.slice(0, 8);
    const scope = `${day}/${region}/${service}/aws4_request`;
    const bodyHash = sha256(request.body);
    const headers: Record<string, string> = {
      ...request.headers,
      host: request.host,
      "x-amz-content-sha256": bodyHash,
      "x-amz-date": time,
    };
    if (credentials.sessionToken !== undefined) {
      headers["x-amz-security-token"] = credentials.sessionToken;
    }

    const names = Object.keys(headers).sort();
    const signedHeaders = names.join(";");
    const canonicalHeaders = names.map((name) => `${name}:${headers[name]}\n`).join("");
    const canonicalRequest = `${request.method}\n${request.path}\n\n${canonicalHeaders}\n${signedHeaders}\n${bodyHash}`;
    const toSign = `${ALGORITHM}\n${time}\n${scope}\n${sha256(canonicalRequest)}`;
    const signature = hmac(signingKey(service, day, credentials.secretAccessKey), toSign);

    headers["authorization"] =
      `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, ` +
      `SignedHeaders=${signedHeaders}, Signature=${signature.toString("hex")}`;
    return headers;
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return builtins.crypto.createHmac("sha256", key).update(text).digest();
}

function sha256(content: string | Uint8Array): string {
  return builtins.crypto.hash("sha256", content);
}
