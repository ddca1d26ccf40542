import { LineChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
} from "echarts/components";
import { graphic, init, use } from "echarts/core";
import type { EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([SVGRenderer, LineChart, GridComponent, LegendComponent, MarkLineComponent, GraphicComponent]);

/** In one family that every machine has. */
export const FONT = "Amazon Ember, Helvetica Neue, Arial, sans-serif";

/** In pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What several widgets add to one chart. */
export interface Part {
  readonly grid?: readonly object[];
  readonly xAxis?: readonly object[];
  readonly yAxis?: readonly object[];
  readonly series?: readonly object[];
  readonly legend?: readonly object[];
  readonly graphic?: readonly object[];
}

/**
 * Draws an ECharts option as SVG, without a browser.
 *
 * @param label - what a reader without eyes hears.
 */
export function svgOf(
  label: string,
  size: { readonly width: number; readonly height: number },
  option: EChartsCoreOption,
): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption({ animation: false, textStyle: { fontFamily: FONT }, ...option });
  const drawn = chart.renderToSVGString();
  chart.dispose();
  return (
    drawn
      .replace("<svg ", `<svg role="img" aria-label="${label}" `)
      // The picture is as wide as its page.
      .replace(/ width="\d+" height="\d+"/, "")
      // ECharts numbers the charts of a process, and knows more decimals than a screen has.
      .replace(/<[^>]+>/g, (tag) => tag.replace(/\bzr\d+-/g, "zr-").replace(/\d+\.\d{2,}/g, tenth))
      // What waits for a mouse, and the edges of areas.
      .replace(/<path [^>]*stroke-width="0"[^>]*><\/path>/g, "")
      .replace(/<path (?![^>]*stroke=)[^>]*fill="none" pointer-events="visible"[^>]*><\/path>/g, "")
      .replaceAll(' pointer-events="visible"', "")
      .replace(/<style[^]*<\/style>/, "")
      .replace(/ class="zr-cls-\d+"/g, "")
      .replace(/<text ([^>]*)>([^<]*)<\/text>/g, fitted)
      .replace(/\s*\n\s*/g, "")
      .replaceAll("><", ">\n<")
      .concat("\n")
  );
}

/** Arial's bold letters are so much wider than the usual ones, by which ECharts places both. */
const BOLD = 1.06;

/**
 * A text as wide as ECharts took it to be, whatever letters the reader has: where Arial is missing, those of DejaVu Sans are a
 * sixth wider, and would run into what is beside them.
 */
function fitted(whole: string, attributes: string, content: string): string {
  const [, fontSize] = /font-size:([\d.]+)px/.exec(attributes) ?? [];
  // Numbers and marks stand alone. Letters of code are equally wide everywhere.
  if (fontSize === undefined || !/\p{L}{2}/u.test(content) || /Menlo/.test(attributes))
    return whole;
  const text = content.replace(
    /&(#39|amp|lt|gt|quot);/g,
    (_, name: string) => ENTITIES[name] ?? "",
  );
  const style = { fontFamily: FONT, fontSize: Number(fontSize), text };
  const { width } = new graphic.Text({ style }).getBoundingRect();
  const wide = width * (attributes.includes("font-weight:bold") ? BOLD : 1);
  return `<text ${attributes} textLength="${tenth(String(wide))}" lengthAdjust="spacingAndGlyphs">${content}</text>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "#39": "'",
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
};

function tenth(number: string): string {
  return String(Number(Number(number).toFixed(1)));
}
