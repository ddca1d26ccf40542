import { MemoryPayloadBucket } from "../../tools/cloud-in-memory/payload-bucket.ts";
import { describePayloads } from "./payloads.ts";

describePayloads("in memory", async () => {
  const bucket = new MemoryPayloadBucket();
  return { bucket, reader: bucket, close: async () => {} };
});
