import { describe, expect, test } from "vitest";

import {
  readTraceparent,
  traceparentOfXRay,
  xRayOf,
} from "../../../lambdas/domain/event/trace-context.ts";

const TRACE = "5759e988bd862e3fe1be46a994272793";
const PARENT = "53995c3f42cd8ad8";
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;

describe("a traceparent", () => {
  test("is taken as W3C defines it", () => {
    expect(readTraceparent(TRACEPARENT)).toBe(TRACEPARENT);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["no text", 1],
    ["an empty text", ""],
    ["another version", `01-${TRACE}-${PARENT}-01`],
    ["the version that is invalid", `ff-${TRACE}-${PARENT}-01`],
    ["no trace", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["no parent", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["capital letters", TRACEPARENT.toUpperCase()],
    ["too few digits", TRACEPARENT.replace("53", "5")],
    ["two headers that were joined", `${TRACEPARENT},${TRACEPARENT}`],
    ["something after it", `${TRACEPARENT}-more`],
    ["a line break after it", `${TRACEPARENT}\n`],
    ["a space before it", ` ${TRACEPARENT}`],
    ["markup", `00-<script>${TRACE.slice(8)}-${PARENT}-01`],
    ["a megabyte", "0".repeat(1_048_576)],
  ])("is refused when it is %s", (_, value) => {
    expect(readTraceparent(value)).toBeNull();
  });
});

describe("a trace of X-Ray", () => {
  const root = `Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`;

  test.each([
    [`${root};Parent=${PARENT};Sampled=1`, "01"],
    [`${root};Parent=${PARENT};Sampled=0`, "00"],
    [`${root};Parent=${PARENT};Sampled=1;Lineage=a87bd80c:0`, "01"],
    // AWS has not decided yet whether it records the trace.
    [`${root};Parent=${PARENT};Sampled=?`, "00"],
    [`${root};Parent=${PARENT}`, "00"],
  ])("%s has the flags %s", (header, flags) => {
    expect(traceparentOfXRay(header)).toBe(`00-${TRACE}-${PARENT}-${flags}`);
  });

  test.each([
    undefined,
    "",
    root,
    `Self=1-1-1;${root}`,
    `${root};Parent=x;Sampled=1`,
    "x".repeat(9_999),
  ])("is none that can be joined: %s", (header) => {
    expect(traceparentOfXRay(header)).toBeNull();
  });

  test("is the same trace when it is named by W3C and back", () => {
    const header = `${root};Parent=${PARENT};Sampled=1`;

    expect(xRayOf(traceparentOfXRay(header) ?? "")).toBe(header);
  });
});
