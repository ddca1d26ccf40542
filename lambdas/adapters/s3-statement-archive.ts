import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";

import { STATEMENTS } from "../settings/names.ts";
import type { StatementArchive } from "../domain/statement/statement-ports.ts";
import { statusOf, translateAwsError } from "./aws-error.ts";

/** The object of a day's statement. */
export function statementKey(day: string): string {
  return `${STATEMENTS.prefix}${day}.json`;
}

/** S3's most in one answer; so many days are nearly three years. */
const MOST_KEYS = 1_000;

/** `StatementArchive` on a bucket whose objects are locked. */
export class S3StatementArchive implements StatementArchive {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async newestBefore(day: string): Promise<string | null> {
    try {
      const keys = await this.#keysBefore(statementKey(day));
      const Key = keys.findLast((key) => key < statementKey(day));
      if (Key === undefined) return null;
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
      return (await Body?.transformToString()) ?? null;
    } catch (error) {
      throw translateAwsError("Reading the statement before", error);
    }
  }

  async has(day: string): Promise<boolean> {
    const Prefix = statementKey(day);
    const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix, MaxKeys: 1 });
    try {
      const { KeyCount = 0 } = await this.#client.send(command);
      return KeyCount > 0;
    } catch (error) {
      throw translateAwsError("Looking for a statement", error);
    }
  }

  async keep(day: string, text: string): Promise<boolean> {
    try {
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: statementKey(day),
          Body: text,
          ContentType: "application/json",
          // Two runs may meet: the first one's stays.
          IfNoneMatch: "*",
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof Error && [409, 412].includes(statusOf(error) ?? 0)) return false;
      throw translateAwsError("Keeping the statement", error);
    }
  }

  /** In order, as S3 lists them: the last thousand and more. */
  async #keysBefore(end: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let after: string | undefined;
    do {
      const { Contents = [] } = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: STATEMENTS.prefix,
          MaxKeys: MOST_KEYS,
          ...(after !== undefined && { StartAfter: after }),
        }),
      );
      const page = Contents.map(({ Key = "" }) => Key);
      keys.push(...page);
      after = page.length === MOST_KEYS ? page.at(-1) : undefined;
    } while (after !== undefined && after < end);
    return keys;
  }
}
