import { isRecord } from "../../tools/template/template.ts";
import type { StackTemplate } from "../../tools/template/template.ts";
import { theOnly } from "./template.ts";

/** The format of the access log of a stack's API. */
export function accessLogFormatOf(stack: StackTemplate): string {
  const settings = theOnly(stack, "AWS::ApiGatewayV2::Stage")["AccessLogSettings"];
  return isRecord(settings) ? String(settings["Format"]) : "";
}

/** A line of the access log of a stack's API. @param values - of API Gateway's variables; without one it is `-` */
export function accessLogLine(
  stack: StackTemplate,
  values: Readonly<Record<string, string>>,
): string {
  return accessLogFormatOf(stack).replaceAll(
    /\$context\.([A-Za-z.]*[A-Za-z])/g,
    (_, name: string) => values[name] ?? "-",
  );
}
