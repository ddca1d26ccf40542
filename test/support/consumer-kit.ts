import { testConsumer } from "../../tools/consumer-kit/command.ts";
import { makeScreen } from "../../tools/terminal/screen.ts";

/** What the test kit of consumers says, and how it ends. */
export async function runKit(to: string, actionsPort: number, ...more: readonly string[]) {
  const [out, errors]: [string[], string[]] = [[], []];
  const screen = makeScreen({
    isTerminal: false,
    write: (line) => void out.push(line),
    writeError: (line) => void errors.push(line),
    paint: (_, text) => text,
  });
  const args = ["--to", to, "--actions-port", String(actionsPort), ...more];
  const code = await testConsumer(args, screen, process.env);
  return { code, out: out.join("\n"), errors: errors.join("\n") };
}
