import { constants, generateKeyPairSync, privateEncrypt } from "node:crypto";

import { KMSClient } from "@aws-sdk/client-kms";

import { answered } from "../../tools/cloud-in-memory/clients.ts";

/** A key of KMS's that signs with SHA-256. Node signs no digest with an elliptic curve, so that it is one of RSA. */
export function makeSigningKey(algorithms: readonly string[] = ["RSASSA_PKCS1_V1_5_SHA_256"]) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  /** PKCS #1 v1.5 over the digest with its algorithm's name (RFC 8017, 9.2). */
  const signatureOf = (digest: Uint8Array | undefined): Uint8Array => {
    const name = Buffer.from("3031300d060960864801650304020105000420", "hex");
    const padded = { key: privateKey, padding: constants.RSA_PKCS1_PADDING };
    return privateEncrypt(padded, Buffer.concat([name, digest ?? new Uint8Array()]));
  };
  const kms = answered(new KMSClient({ region: "us-east-1" }), (input, commandName) => ({
    KeyId: "key-1",
    ...answerTo(commandName, input),
  }));
  return { kms, publicKey };

  function answerTo(commandName: string, input: object): object {
    if (commandName === "SignCommand") {
      const message: unknown = "Message" in input ? input.Message : undefined;
      return { Signature: signatureOf(message instanceof Uint8Array ? message : undefined) };
    }
    if (commandName !== "GetPublicKeyCommand") throw new Error("This key only signs.");
    const PublicKey = publicKey.export({ format: "der", type: "spki" });
    return { SigningAlgorithms: algorithms, PublicKey };
  }
}
