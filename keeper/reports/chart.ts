import { type EChartsOption, init } from "echarts";
import { type Html, trustedMarkup } from "./html.ts";
import { COLORS, type ColorName } from "./style.ts";

/**
 * Stand-ins for the colours of style.ts inside a chart's options: the renderer needs real colours, and in the finished SVG
 * each is replaced by its variable, so that charts follow the reader's light or dark scheme.
 */
export const CHART_COLORS: Readonly<Record<ColorName, string>> = {
  ink: "#010101",
  quiet: "#020202",
  line: "#030303",
  surface: "#040404",
  accent: "#050505",
  second: "#060606",
  third: "#070707",
  good: "#080808",
  bad: "#090909",
};

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** Renders a chart to SVG, without a browser. It scales with the width of what holds it. */
export function renderChart(option: EChartsOption, { width, height }: ChartSize): Html {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return trustedMarkup(withVariables(withViewBox(svg, width, height)));
}

function withVariables(svg: string): string {
  const names = Object.keys(CHART_COLORS) as ColorName[];
  return names.reduce((text, name) => text.replaceAll(CHART_COLORS[name], COLORS[name]), svg);
}

/** Fixed sizes on the root element would stop it from scaling. */
function withViewBox(svg: string, width: number, height: number): string {
  const root = /^<svg[^>]*>/.exec(svg)?.[0] ?? "";
  const kept = root.replace(/\s(width|height|viewBox)="[^"]*"/g, "");
  const viewBox = `<svg viewBox="0 0 ${String(width)} ${String(height)}" role="img"`;
  return kept.replace("<svg", viewBox) + svg.slice(root.length);
}

/** Axis with quiet lines and labels, to be spread into an axis option. */
export function axisStyle() {
  return {
    axisLine: { lineStyle: { color: CHART_COLORS.line } },
    axisTick: { show: false },
    axisLabel: { color: CHART_COLORS.quiet, fontSize: 11 },
    splitLine: { lineStyle: { color: CHART_COLORS.line, width: 1 } },
    nameTextStyle: { color: CHART_COLORS.quiet, fontSize: 11 },
  };
}
