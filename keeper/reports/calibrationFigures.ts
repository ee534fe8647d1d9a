import type { EChartsOption } from "echarts";
import { smileVol } from "../../sdk/pricing/index.ts";
import type { ExpiryFit, FittedQuote } from "../../sdk/pricing/calibration/index.ts";
import { CHART_COLORS, axisStyle, renderChart } from "./chart.ts";
import type { Html } from "./html.ts";

const SIZE = { width: 400, height: 260 };
const CURVE_POINTS = 120;
/** Options less likely than this to end in the money are left out of the picture, not out of the fit. */
const LEAST_DELTA = 0.005;
/** Room above and below the vols, as a share of their range. Spreads that reach further are cut off. */
const MARGIN = 0.12;
const MARK_SIZE = 6;
const MID_SIZE = 5;

/** Market vols and the fitted smile of one expiry, over the strike. */
export function smileChart(fit: ExpiryFit): Html {
  const shown = fit.quotes.filter(({ delta }) => Math.min(Math.abs(delta), 1 - Math.abs(delta)) >= LEAST_DELTA);
  const quotes = shown.length > 0 ? shown : fit.quotes;
  const strikes = quotes.map(({ quote }) => quote.strike);
  const low = Math.min(...strikes);
  const high = Math.max(...strikes);
  return renderChart(smileOption(fit, quotes, low, high), SIZE);
}

function smileOption(fit: ExpiryFit, quotes: readonly FittedQuote[], low: number, high: number): EChartsOption {
  const axis = axisStyle();
  const smile = smilePoints(fit, low, high);
  return {
    grid: { left: 40, right: 14, top: 14, bottom: 28 },
    xAxis: {
      ...axis,
      type: "value",
      min: low,
      max: high,
      splitLine: { show: false },
      splitNumber: 5,
      axisLabel: { ...axis.axisLabel, hideOverlap: true, showMinLabel: false, showMaxLabel: false },
    },
    yAxis: {
      ...axis,
      type: "value",
      ...verticalRange(quotes, smile),
      axisLabel: { ...axis.axisLabel, formatter: "{value}%" },
    },
    series: [
      spreadSeries(quotes),
      { ...points(quotes, ({ markVol }) => markVol, MARK_SIZE), itemStyle: ring(CHART_COLORS.quiet) },
      { ...points(quotes, midOnly, MID_SIZE), itemStyle: { color: CHART_COLORS.second } },
      fitSeries(fit, smile),
    ],
  };
}

type Point = readonly [strike: number, volPercent: number];

function smilePoints({ slice, forward }: ExpiryFit, low: number, high: number): Point[] {
  return Array.from({ length: CURVE_POINTS + 1 }, (_, i) => {
    const strike = low + ((high - low) * i) / CURVE_POINTS;
    return [strike, 100 * smileVol(slice, Math.log(strike / forward.value))];
  });
}

/** Whole tens of vol points, or fives where the smile is flat, around everything but the spreads. */
function verticalRange(quotes: readonly FittedQuote[], smile: readonly Point[]) {
  const vols = [...quotes.map(({ vol }) => 100 * vol), ...smile.map(([, vol]) => vol)];
  const [least, most] = [Math.min(...vols), Math.max(...vols)];
  const margin = MARGIN * (most - least);
  const step = most - least > 25 ? 10 : 5;
  return {
    min: Math.max(0, step * Math.floor((least - margin) / step)),
    max: step * Math.ceil((most + margin) / step),
  };
}

function fitSeries(fit: ExpiryFit, smile: readonly Point[]) {
  return {
    type: "line" as const,
    data: smile.map((point) => [...point]),
    showSymbol: false,
    lineStyle: { color: CHART_COLORS.accent, width: 2 },
    z: 4,
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: { color: CHART_COLORS.quiet, width: 1, type: [3, 3] as number[] },
      data: [{ xAxis: fit.forward.value }],
    },
  };
}

/** A thin bar from bid to ask for each two-sided quote. */
function spreadSeries(quotes: readonly FittedQuote[]) {
  const data = quotes.flatMap(({ quote, bidVol, askVol }) => {
    if (bidVol === undefined || askVol === undefined) return [];
    return [[quote.strike, 100 * bidVol, 100 * askVol]];
  });
  return {
    type: "custom" as const,
    data,
    encode: { x: 0, y: [1, 2] },
    renderItem: (_: unknown, api: { value: (i: number) => unknown; coord: (point: number[]) => number[] }) => {
      const strike = Number(api.value(0));
      const [x = 0, bottom = 0] = api.coord([strike, Number(api.value(1))]);
      const [, top = 0] = api.coord([strike, Number(api.value(2))]);
      const shape = { x: x - 2, y: top, width: 4, height: Math.max(bottom - top, 1), r: 1 };
      return { type: "rect" as const, shape, style: { fill: CHART_COLORS.second, opacity: 0.3 } };
    },
    clip: true,
    z: 1,
  };
}

function points(quotes: readonly FittedQuote[], volOf: (quote: FittedQuote) => number | undefined, size: number) {
  const data = quotes.flatMap((quote) => {
    const vol = volOf(quote);
    return vol === undefined ? [] : [[quote.quote.strike, 100 * vol]];
  });
  return { type: "scatter" as const, symbol: "circle", symbolSize: size, data, z: 3 };
}

function midOnly({ source, vol }: FittedQuote): number | undefined {
  return source === "mid" ? vol : undefined;
}

function ring(color: string) {
  return { color: "transparent", borderColor: color, borderWidth: 1 };
}
