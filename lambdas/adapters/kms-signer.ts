import { SignCommand } from "@aws-sdk/client-kms";
import type { KMSClient } from "@aws-sdk/client-kms";

import type { StatementSigner } from "../domain/statement/statement-ports.ts";
import { translateAwsError } from "./aws-error.ts";

/** Of a key of the spec ECC_NIST_P256. */
const ALGORITHM = "ECDSA_SHA_256";

/** `StatementSigner` with an asymmetric key of KMS. */
export class KmsSigner implements StatementSigner {
  readonly #client: KMSClient;
  readonly #keyArn: string;

  constructor(client: KMSClient, keyArn: string) {
    this.#client = client;
    this.#keyArn = keyArn;
  }

  async sign(digest: Uint8Array) {
    try {
      const { KeyId: keyId = this.#keyArn, Signature: value } = await this.#client.send(
        new SignCommand({
          KeyId: this.#keyArn,
          Message: digest,
          MessageType: "DIGEST",
          SigningAlgorithm: ALGORITHM,
        }),
      );
      if (value === undefined) throw new Error("KMS answered without a signature");
      return { keyId, algorithm: ALGORITHM, value };
    } catch (error) {
      throw translateAwsError("Signing the statement", error);
    }
  }
}
