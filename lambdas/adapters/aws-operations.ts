import type {
  GetMetricDataCommandInput,
  GetMetricDataCommandOutput,
} from "@aws-sdk/client-cloudwatch";
import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  DeleteItemCommandInput,
  DeleteItemCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  PutItemCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from "@aws-sdk/client-dynamodb";
import type { PutEventsCommandInput, PutEventsCommandOutput } from "@aws-sdk/client-eventbridge";
import type {
  ChangeMessageVisibilityCommandInput,
  ChangeMessageVisibilityCommandOutput,
  GetQueueAttributesCommandInput,
  GetQueueAttributesCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
  SendMessageCommandInput,
  SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";

/** One operation, as the SDK's whole clients have it; without what the SDK says of the answer. */
type Operation<Input, Output> = (input: Input) => Promise<Omit<Output, "$metadata">>;

/*
 * The operations that the adapters call, by service. A function has them from its own client (`aws-http/json-services.ts`,
 * docs/decisions/0084), a tool from the SDK's `DynamoDB`, `SQS`, `EventBridge` and `CloudWatch`. Of the SDK these are types.
 */

export interface DynamoDbOperations {
  readonly getItem: Operation<GetItemCommandInput, GetItemCommandOutput>;
  readonly putItem: Operation<PutItemCommandInput, PutItemCommandOutput>;
  readonly updateItem: Operation<UpdateItemCommandInput, UpdateItemCommandOutput>;
  readonly deleteItem: Operation<DeleteItemCommandInput, DeleteItemCommandOutput>;
  readonly query: Operation<QueryCommandInput, QueryCommandOutput>;
  readonly batchGetItem: Operation<BatchGetItemCommandInput, BatchGetItemCommandOutput>;
}

export interface SqsOperations {
  readonly sendMessage: Operation<SendMessageCommandInput, SendMessageCommandOutput>;
  readonly sendMessageBatch: Operation<SendMessageBatchCommandInput, SendMessageBatchCommandOutput>;
  readonly changeMessageVisibility: Operation<
    ChangeMessageVisibilityCommandInput,
    ChangeMessageVisibilityCommandOutput
  >;
  readonly getQueueAttributes: Operation<
    GetQueueAttributesCommandInput,
    GetQueueAttributesCommandOutput
  >;
}

export interface EventBridgeOperations {
  readonly putEvents: Operation<PutEventsCommandInput, PutEventsCommandOutput>;
}

export interface CloudWatchOperations {
  readonly getMetricData: Operation<GetMetricDataCommandInput, GetMetricDataCommandOutput>;
}

/** An object of S3, of which the adapters want all the bytes. */
export interface S3Operations {
  readonly getObject: (input: { readonly Bucket: string; readonly Key: string }) => Promise<{
    readonly Body?: { readonly transformToByteArray: () => Promise<Uint8Array> } | undefined;
    readonly ContentLength?: number | undefined;
  }>;
}
