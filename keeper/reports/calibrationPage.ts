import type { Calibration, ExpiryFit } from "../../sdk/pricing/calibration/index.ts";
import { smileChart } from "./calibrationFigures.ts";
import {
  COLUMN_NOTE,
  EXPIRY_COLUMNS,
  dayOf,
  describeExpiry,
  describeFailures,
  minuteOf,
  percent,
} from "./calibrationReport.ts";
import { html } from "./html.ts";
import { type Section, figures, legend, renderPage, table, tiles } from "./page.ts";
import { COLORS } from "./style.ts";

/** The calibration as a self-contained page: market and fitted vols of every expiry, and the table. */
export function calibrationPage(calibration: Calibration, underlying: string): string {
  const { fits, at, spot } = calibration;
  const quotes = fits.reduce((sum, fit) => sum + fit.quotes.length, 0);
  const failed = describeFailures(calibration);
  const sections: Section[] = [
    { heading: "At a glance", body: summaryTiles(calibration, quotes) },
    {
      heading: "Smiles",
      note: "Implied volatility over strike; the dashed line is the forward. Options with less than half a percent of delta are not drawn.",
      body: html`${smileLegend()}${figures(fits.map(smileFigure))}`,
    },
    { heading: "Slices", note: COLUMN_NOTE, body: sliceTable(fits) },
  ];
  if (failed.length > 0) {
    sections.push({
      heading: "Not fitted",
      body: html`<ul>
        ${failed.map((sentence) => html`<li>${sentence}</li>`)}
      </ul>`,
    });
  }
  return renderPage({
    title: `${underlying} implied volatility surface`,
    lead: `One SSVI slice per expiry, fitted to ${String(quotes)} option quotes of ${minuteOf(at)} at an index price of ${spot.toFixed(2)}. All slices together are free of butterfly and calendar arbitrage.`,
    sections,
    footer: "Made by keel calibrate.",
  });
}

function summaryTiles({ fits, failures }: Calibration, quotes: number) {
  const worst = Math.max(...fits.map(({ rmse }) => rmse ?? 0));
  const vols = fits.map(({ slice }) => slice.atmVol);
  const skipped = [...fits, ...failures].reduce((sum, { skipped: list }) => sum + list.length, 0);
  return tiles([
    { label: "Expiries fitted", value: String(fits.length), detail: `${String(failures.length)} not fitted` },
    { label: "Quotes used", value: String(quotes), detail: `${String(skipped)} set aside` },
    { label: "Largest RMSE", value: `${(100 * worst).toFixed(2)} vp`, detail: "over 0.1 ≤ |delta| ≤ 0.9" },
    {
      label: "ATM volatility",
      value: `${percent(Math.min(...vols), 0)} – ${percent(Math.max(...vols), 0)}`,
      detail: "lowest and highest expiry",
    },
  ]);
}

function smileLegend() {
  return legend([
    { label: "fitted smile", color: COLORS.accent, shape: "line" },
    { label: "mid", color: COLORS.second, shape: "dot" },
    { label: "bid to ask", color: COLORS.second, shape: "bar" },
    { label: "venue's mark", color: COLORS.quiet, shape: "ring" },
  ]);
}

function smileFigure(fit: ExpiryFit) {
  const error = fit.rmse === undefined ? "" : `, RMSE ${(100 * fit.rmse).toFixed(2)} vp`;
  return {
    title: dayOf(fit.expiry),
    caption: `ATM ${percent(fit.slice.atmVol, 1)}${error}`,
    chart: smileChart(fit),
  };
}

function sliceTable(fits: readonly ExpiryFit[]) {
  const columns = EXPIRY_COLUMNS.map(({ heading, left }) => ({
    heading,
    align: left ? ("left" as const) : ("right" as const),
  }));
  const rows = fits.map((fit) => {
    const line = describeExpiry(fit);
    return EXPIRY_COLUMNS.map(({ key }) => line[key]);
  });
  return table(columns, rows);
}
