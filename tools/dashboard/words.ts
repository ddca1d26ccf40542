import { marked } from "marked";
import type { Token, Tokens } from "marked";
import type { Box } from "./graph.ts";
import { element, escaped, widthOf } from "./svg.ts";

interface Style {
  readonly size: number;
  readonly isBold?: boolean;
  readonly isLink?: boolean;
  readonly isCode?: boolean;
}

interface Word extends Style {
  readonly text: string;
}

const BODY = 11.5;
const SIZES = { title: 20, section: 15 };

/**
 * Markdown as CloudWatch shows it: headings, paragraphs, lists, bold, code and links.
 *
 * @throws Error at any other kind of markdown, and when the words do not fit into their box.
 */
export function words(markdown: string, box: Box): string {
  const margin = 10;
  let y = 4;
  const drawn: string[] = [];
  for (const block of marked.lexer(markdown)) {
    for (const paragraph of paragraphsOf(block)) {
      const size = Math.max(...paragraph.map((word) => word.size), BODY);
      for (const row of wrapped(paragraph, box.width - 2 * margin)) {
        y += size * 1.35;
        drawn.push(drawRow(row, margin, y));
      }
      y += size * 0.3;
    }
  }
  if (y > box.height) {
    throw new Error(
      `A text of ${Math.round(y)} px does not fit into its ${Math.round(box.height)}: ${JSON.stringify(markdown.slice(0, 60))}…`,
    );
  }
  return drawn.join("");
}

function paragraphsOf(block: Token): readonly (readonly Word[])[] {
  switch (block.type) {
    case "heading": {
      const size = "depth" in block && block.depth === 1 ? SIZES.title : SIZES.section;
      return [wordsOf(block.tokens, { size, isBold: true })];
    }
    case "paragraph":
      return [wordsOf(block.tokens, { size: BODY })];
    case "list":
      return listItems(block).map((item) => [
        { text: "• ", size: BODY },
        ...wordsOf(item.tokens, { size: BODY }),
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
        return wordsOf(token.tokens, { ...style, isBold: true });
      case "link":
        return wordsOf(token.tokens, { ...style, isLink: true });
      case "codespan":
        return split(plain(token), { ...style, isCode: true });
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
    ...style,
    text: part.replace(/\s+/g, " "),
  }));
}

function wrapped(content: readonly Word[], width: number): readonly (readonly Word[])[] {
  const rows: Word[][] = [[]];
  let used = 0;
  let mayBreak = true;
  for (const word of content) {
    const needed = widthOf(word.text, word.size) * (word.isBold ? 1.06 : 1);
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

function drawRow(row: readonly Word[], x: number, y: number): string {
  const spans = row.map(({ text, size, isBold, isLink, isCode }) =>
    element(
      "tspan",
      {
        "font-size": size,
        ...(isBold && { "font-weight": "bold" }),
        ...(isLink && { fill: "#0972d3" }),
        ...(isCode && { "font-family": "monospace" }),
      },
      escaped(text),
    ),
  );
  return element("text", { x, y, "xml:space": "preserve" }, ...spans);
}
