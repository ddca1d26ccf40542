import { readFileSync } from "node:fs";

/** Bodies that something on the way could mangle, by what is odd about them. */
export function namedBodies(): readonly (readonly [name: string, bytes: Uint8Array])[] {
  const text = (value: string) => Buffer.from(value);
  return [
    ["empty", text("")],
    ["one space", text(" ")],
    [
      "a webhook of Alloy's",
      readFileSync(new URL("../fixtures/events/completed_application.json", import.meta.url)),
    ],
    ["every control character", Buffer.from(Array.from({ length: 32 }, (_, code) => code))],
    ["delete and C1 controls", text("\u007f\u0080\u0085\u009f")],
    ["line ends of all kinds", text("\r\n\n\r\u2028\u2029")],
    ["a byte order mark", text("\uFEFF{}")],
    ["U+FFFE and U+FFFF", text("\uFFFE\uFFFF")],
    ["U+FFFD, as posted", text("\uFFFD")],
    ["characters of four bytes", text("\u{1F600}\u{10FFFF}\u{1FFFE}")],
    ["both forms of one letter", text("e\u0301 \u00e9")],
    ["quotes and backslashes", text(`"\\"\\\\u0000`)],
    ["an escaped lone surrogate", text(`{"name":"\\ud800"}`)],
    ["a lone surrogate in bytes", Buffer.from([0xed, 0xa0, 0x80])],
    ["invalid UTF-8", Buffer.from([0xff, 0xfe, 0x00, 0xc3])],
    ["a character cut in half", Buffer.from([0x7b, 0xe2, 0x82])],
    ["an overlong slash", Buffer.from([0xc0, 0xaf])],
    ["every byte", Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ["text that looks like base64", text("aGVsbG8=")],
    ["200 KB of NUL, which escaped fit no message", Buffer.alloc(200_000)],
    ["600,000 letters of two bytes each", text("é".repeat(600_000))],
    // The envelope around it takes some 150 bytes.
    ["1,048,400 letters, which one message just holds", Buffer.alloc(1_048_400, "x")],
    ["1,048,500 letters, which it just does not", Buffer.alloc(1_048_500, "x")],
    ["1 MiB of text", Buffer.alloc(1_048_576, "x")],
    ["1 MiB of invalid UTF-8", Buffer.alloc(1_048_576, 0xff)],
    ["4 MB of text", Buffer.alloc(4_000_000, `{"é":"x"}`)],
    ["4 MB of bytes", Buffer.alloc(4_000_000, Buffer.from([0x00, 0xff, 0x80]))],
  ];
}

/**
 * Whether SQS takes each character of a message (API reference of `SendMessage`).
 * A lone surrogate is none of these characters.
 */
export function isSqsText(text: string): boolean {
  return (
    text.isWellFormed() &&
    // oxlint-disable-next-line no-control-regex -- the control characters are what it is about
    /^[\u{9}\u{a}\u{d}\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(text)
  );
}
