import { describe, expect, it } from "vitest";
import { makeScreen } from "../../../tools/terminal/screen.ts";

function aScreen(isTerminal: boolean) {
  let written = "";
  const write = (text: string) => (written += text);
  return {
    screen: makeScreen({ isTerminal, write, writeError: write, paint: (_, safe) => safe }),
    written: () => written,
  };
}

describe("the screen", () => {
  it("writes progress over on a terminal, and clears it before anything else", () => {
    const { screen, written } = aScreen(true);

    screen.progress("1 of 2");
    screen.progress("2 of 2");
    screen.print("done");

    expect(written()).toBe("1 of 2\r\u001b[K2 of 2\r\u001b[Kdone\n");
  });

  it("writes a line for each change of progress into a log, without any control character", () => {
    const { screen, written } = aScreen(false);

    screen.progress("1 of 2");
    screen.progress("1 of 2");
    screen.progress("2 of 2");
    screen.fact("Alloy", "simulated");

    expect(written()).toBe("1 of 2\n2 of 2\nAlloy       simulated\n");
  });
});
