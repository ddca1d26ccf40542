import { Duration, Stack } from "aws-cdk-lib";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { Archive } from "aws-cdk-lib/aws-events";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Construct } from "constructs";
import { EVENT_SOURCE } from "../../lambdas/settings/routes.ts";
import type { StageConfiguration } from "../config/stage-configuration.ts";
import { pinLogicalId, removalPolicyOf } from "./stateful.ts";

export interface BusArchiveProps {
  readonly stage: StageConfiguration;
  readonly retentionDays: number;
  readonly key: IKey | undefined;
  readonly bus: EventBus;
}

/**
 * Keeps what the stack has published, so that people replay it (docs/targets.md). Not what was announced, nor what people
 * delivered again: a replay of these would be work for the consumer, or a second delivery to one target.
 */
export class BusArchive extends Construct {
  constructor(scope: Construct, id: string, { stage, retentionDays, key, bus }: BusArchiveProps) {
    super(scope, id);
    const archive = new Archive(this, "Archive", {
      // EventBridge takes 48 characters, and the longest stage makes 41 of them.
      archiveName: Stack.of(this).stackName,
      description: "What happened to Alloy's Journey Applications, for a replay",
      sourceEventBus: bus,
      eventPattern: { source: [EVENT_SOURCE] },
      retention: Duration.days(retentionDays),
      ...(key !== undefined && { kmsKey: key }),
    });
    archive.applyRemovalPolicy(removalPolicyOf(stage));
    pinLogicalId(archive, "EventArchive");
  }
}
