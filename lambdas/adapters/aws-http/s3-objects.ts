import { AwsError } from "../aws-error.ts";
import type { S3Operations } from "../aws-operations.ts";
import { codeOf } from "./aws-client.ts";
import type { AwsServices } from "./aws-services.ts";
import { makeObjectUrl } from "./object-url.ts";

/** `S3`, as far as objects are read: the bytes of one come together or not at all. */
export function makeS3({ call, region, endpointOf, deadline }: AwsServices): S3Operations {
  return {
    async getObject({ Bucket, Key }) {
      const result = await call({
        service: "s3",
        method: "GET",
        url: makeObjectUrl(Bucket, region, endpointOf("S3"))(Key),
        headers: {},
        body: "",
        deadline: deadline(),
        read: ({ body, headers }) => ({ body, length: headers["content-length"] }),
      });
      if ("failure" in result) {
        const { failure, said } = result;
        if (said === undefined) throw new AwsError(failure, "GetObject: no answer");
        const { status } = said;
        throw new AwsError(codeOf(said.body) || failure, "GetObject: it was refused", { status });
      }
      const { body, length } = result.answer;
      return {
        Body: { transformToByteArray: async () => body },
        ...(length !== undefined && { ContentLength: Number(length) }),
      };
    },
  };
}
