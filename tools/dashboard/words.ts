import { graphic } from "echarts/core";
import { marked } from "marked";
import type { Token, Tokens } from "marked";
import type { Box, Part } from "./chart.ts";
import { FONT } from "./chart.ts";
import { INK } from "./ink.ts";

/** The styles of ECharts' rich text, in which `{bold|these}` words stand. */
const STYLES = {
  plain: { fontFamily: FONT, fontSize: 11.5 },
  // The padding: bold letters and code are wider than ECharts takes them to be.
  bold: { fontFamily: FONT, fontSize: 11.5, fontWeight: "bold" as const, padding: [0, 3, 0, 0] },
  link: { fontFamily: FONT, fontSize: 11.5, fill: "#0972d3" },
  code: { fontFamily: "Menlo, Consolas, Courier", fontSize: 10, padding: [0, 16, 0, 0] },
  section: { fontFamily: FONT, fontSize: 15, fontWeight: "bold" as const },
  title: { fontFamily: FONT, fontSize: 20, fontWeight: "bold" as const },
};

type Style = keyof typeof STYLES;

interface Word {
  readonly style: Style;
  readonly text: string;
}

/**
 * Markdown as CloudWatch shows it: headings, paragraphs, lists, bold, code and links.
 *
 * @throws Error at any other kind of markdown, and when the words do not fit into their box.
 */
export function words(markdown: string, box: Box): Part {
  const margin = 10;
  let y = 4;
  const rows: object[] = [];
  for (const paragraph of marked.lexer(markdown).flatMap(paragraphsOf)) {
    const size = Math.max(...paragraph.map(({ style }) => STYLES[style].fontSize));
    for (const row of wrapped(paragraph, box.width - 2 * margin)) {
      rows.push({
        type: "text",
        silent: true,
        x: box.x + margin,
        y: box.y + y,
        style: { text: spansOf(row), rich: STYLES, fill: INK.text },
      });
      y += size * 1.35;
    }
    y += size * 0.3;
  }
  if (y > box.height) {
    throw new Error(
      `A text of ${Math.round(y)} px does not fit into its ${Math.round(box.height)}: ${JSON.stringify(markdown.slice(0, 60))}…`,
    );
  }
  return { graphic: rows };
}

function paragraphsOf(block: Token): readonly (readonly Word[])[] {
  switch (block.type) {
    case "heading": {
      const isTitle = "depth" in block && block.depth === 1;
      return [wordsOf(block.tokens, isTitle ? "title" : "section")];
    }
    case "paragraph":
      return [wordsOf(block.tokens, "plain")];
    case "list":
      return listItems(block).map((item) => [
        { text: "• ", style: "plain" as const },
        ...wordsOf(item.tokens, "plain"),
      ]);
    case "space":
      return [];
    default:
      throw new Error(
        `The markdown "${block.raw}" is a ${block.type}, which is not understood here.`,
      );
  }
}

function listItems(block: Token): readonly Tokens.ListItem[] {
  return "items" in block && Array.isArray(block.items) ? block.items : [];
}

function wordsOf(tokens: readonly Token[] | undefined, style: Style): readonly Word[] {
  return (tokens ?? []).flatMap((token): readonly Word[] => {
    switch (token.type) {
      case "text":
        if ("tokens" in token && token.tokens !== undefined) return wordsOf(token.tokens, style);
        return split(plain(token), style);
      case "strong":
        return wordsOf(token.tokens, "bold");
      case "link":
        return wordsOf(token.tokens, "link");
      case "codespan":
        return split(plain(token), "code");
      default:
        throw new Error(
          `The markdown "${token.raw}" is a ${token.type}, which is not understood here.`,
        );
    }
  });
}

function plain(token: Token): string {
  return "text" in token ? String(token.text) : token.raw;
}

/** Words with the spaces before them. */
function split(content: string, style: Style): readonly Word[] {
  return (content.match(/\s*\S+|\s+$/g) ?? []).map((part) => ({
    style,
    text: part.replace(/\s+/g, " "),
  }));
}

function wrapped(content: readonly Word[], width: number): readonly (readonly Word[])[] {
  const rows: Word[][] = [[]];
  let used = 0;
  let mayBreak = true;
  for (const word of content) {
    const needed = widthOf(word);
    if (used > 0 && used + needed > width && (mayBreak || word.text.startsWith(" "))) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(used === 0 ? { ...word, text: word.text.trimStart() } : word);
    used += needed;
    mayBreak = word.text.endsWith(" ");
  }
  return rows;
}

/** The words of one style beside each other are one span, so that the reader's letters decide their distance. */
function spansOf(row: readonly Word[]): string {
  return row
    .map(({ style, text }, index) => {
      const begins = row[index - 1]?.style === style ? "" : `{${style}|`;
      return `${begins}${text}${row[index + 1]?.style === style ? "" : "}"}`;
    })
    .join("");
}

function widthOf({ style, text }: Word): number {
  return new graphic.Text({ style: { ...STYLES[style], text } }).getBoundingRect().width;
}
