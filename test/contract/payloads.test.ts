import { MemoryPayloadBucket } from "../../tools/memory/payload-bucket.ts";
import { describePayloads } from "./payloads.ts";

describePayloads("in memory", async () => {
  const bucket = new MemoryPayloadBucket();
  return { bucket, reader: bucket, close: async () => {} };
});
