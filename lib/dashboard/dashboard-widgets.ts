import { Duration } from "aws-cdk-lib";
import {
  AlarmStatusWidget,
  AlarmStatusWidgetSortBy,
  GraphWidget,
  SingleValueWidget,
  TextWidget,
  TextWidgetBackground,
} from "aws-cdk-lib/aws-cloudwatch";
import type { AlarmStatusWidgetProps, IAlarm, IMetric, IWidget } from "aws-cdk-lib/aws-cloudwatch";
import { isOmitted } from "../omit-resources.ts";

/** Of the 24 columns of a dashboard: words on the left, four graphs beside them. */
const WORDS_WIDTH = 4;
const GRAPH_WIDTH = 5;
const ROW_HEIGHT = 5;

/** What a day of 1,440 minutes is shown in: 288 points, each of which is still visible. */
export const SHOWN_PERIOD = Duration.minutes(5);

/** One graph: what is counted, and the line that it should not cross. */
export interface Graph {
  readonly title: string;
  readonly left: readonly IMetric[];
  /** Against an axis of its own. @default - none */
  readonly right?: readonly IMetric[];
  /** One on top of the other: parts of a whole. @default false */
  readonly stacked?: boolean;
  /** Where an alarm rings. @default - none */
  readonly limits?: readonly { readonly value: number; readonly label: string }[];
}

/** One row of the dashboard: a question, what a good answer looks like, and the graphs that give it. */
export interface Section {
  readonly title: string;
  /** A line each. */
  readonly good: readonly string[];
  /** Alarms whose runbooks help when it is not good. */
  readonly runbooks: readonly string[];
  readonly graphs: readonly Graph[];
}

export function sectionWidgets(section: Section, runbooksUrl: string): IWidget[] {
  const words = new TextWidget({
    width: WORDS_WIDTH,
    height: ROW_HEIGHT,
    background: TextWidgetBackground.TRANSPARENT,
    markdown: [
      `## ${section.title}`,
      ...section.good.map((line) => `- ${line}`),
      "",
      `**If not:** ${section.runbooks.map((id) => runbookLink(id, runbooksUrl)).join(", ")}`,
    ].join("\n"),
  });
  return [words, ...section.graphs.map(graphWidget)];
}

export function runbookLink(id: string, runbooksUrl: string): string {
  return `[${id}](${runbooksUrl}/${id}.md)`;
}

function graphWidget({ title, left, right = [], stacked = false, limits = [] }: Graph): IWidget {
  return new GraphWidget({
    title,
    width: GRAPH_WIDTH,
    height: ROW_HEIGHT,
    stacked,
    left: [...left],
    right: [...right],
    leftYAxis: { min: 0, showUnits: false },
    ...(right.length > 0 && { rightYAxis: { min: 0, showUnits: false } }),
    leftAnnotations: limits.map((limit) => ({ ...limit, color: LIMIT_COLOUR })),
  });
}

/** The red of CloudWatch's own alarms. */
const LIMIT_COLOUR = "#d13212";

/** A number that can be read from across the room, over the curve that led to it. */
export function numberWidget(title: string, metric: IMetric): IWidget {
  return new SingleValueWidget({ title, width: 5, height: 3, metrics: [metric], sparkline: true });
}

/** Alarms, those that ring first; without those that an emulator cannot hold. */
export class AlarmsWidget extends AlarmStatusWidget {
  readonly #props: AlarmStatusWidgetProps;

  constructor(title: string, height: number, alarms: readonly IAlarm[]) {
    const props = {
      title,
      width: 14,
      height,
      sortBy: AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
      alarms: [...alarms],
    };
    super(props);
    this.#props = props;
  }

  override toJson(): unknown[] {
    const alarms = this.#props.alarms.filter((alarm) => !isOmitted(alarm));
    const widget = new AlarmStatusWidget({ ...this.#props, alarms });
    widget.position(this.x ?? 0, this.y ?? 0);
    return widget.toJson();
  }
}
