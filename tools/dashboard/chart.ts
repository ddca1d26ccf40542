import { LineChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
} from "echarts/components";
import { init, use } from "echarts/core";
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
      .replace(/\s*\n\s*/g, "")
      .replaceAll("><", ">\n<")
      .concat("\n")
  );
}

function tenth(number: string): string {
  return String(Number(Number(number).toFixed(1)));
}
