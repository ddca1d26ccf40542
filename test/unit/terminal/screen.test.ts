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

  it("shows a secret on a screen of its own, and leaves nothing of it behind", () => {
    const { screen, written } = aScreen(true);

    const leave = screen.apart("The new password:", "a secret\u001b[31m");
    leave();

    expect(written()).toBe(
      "\u001b[?1049h\u001b[H\u001b[2JThe new password:\na secret\\u{1b}[31m\n\u001b[H\u001b[2J\u001b[?1049l",
    );
  });
});
