/**
 * Colours by name, as variables that follow the reader's light or dark scheme. Charts use the same ones
 * (see chart.ts). Pairs were chosen to be told apart by the colour-blind.
 */
export const COLORS = {
  ink: "var(--ink)",
  quiet: "var(--quiet)",
  line: "var(--line)",
  surface: "var(--surface)",
  accent: "var(--accent)",
  second: "var(--second)",
  third: "var(--third)",
  good: "var(--good)",
  bad: "var(--bad)",
} as const;

export type ColorName = keyof typeof COLORS;

export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b2430; --quiet: #5d6875; --line: #dfe4ea; --surface: #ffffff; --page: #f5f7f9;
  --accent: #1461c8; --second: #d9620b; --third: #7b4fb5; --good: #11805a; --bad: #c22f3d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6eaef; --quiet: #9aa5b1; --line: #313a45; --surface: #1a2029; --page: #12161c;
    --accent: #6aa9ff; --second: #f59a4c; --third: #b79bec; --good: #4cc79a; --bad: #ff7a85;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 1240px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; letter-spacing: -0.015em; }
h2 { font-size: 18px; margin: 40px 0 4px; letter-spacing: -0.01em; }
.lead { font-size: 16px; color: var(--quiet); margin: 0; max-width: 80ch; }
a { color: var(--accent); }
.note { color: var(--quiet); margin: 0 0 12px; max-width: 90ch; }
footer { margin-top: 40px; color: var(--quiet); font-size: 13px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 16px 0 0; }
.tile { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.tile dt { color: var(--quiet); font-size: 13px; }
.tile dd { margin: 2px 0 0; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile p { margin: 2px 0 0; color: var(--quiet); font-size: 13px; }
.scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th { color: var(--quiet); font-weight: 600; font-size: 12.5px; white-space: nowrap; }
th, td { padding: 8px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
.left { text-align: left; }
td.left:first-child { white-space: nowrap; }
.right { text-align: right; white-space: nowrap; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(360px, 1fr)); gap: 14px; }
.figures.wide { grid-template-columns: repeat(auto-fill, minmax(min(480px, 100%), 1fr)); margin: 12px 0 0; }
figure { margin: 0; padding: 12px 12px 4px; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
figcaption { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; padding: 0 4px; }
figcaption span { color: var(--quiet); font-size: 13px; white-space: nowrap; }
figure svg { display: block; width: 100%; height: auto; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 12px 0; padding: 0; color: var(--quiet); font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 8px; }
.legend i { display: inline-block; }
.legend .line { width: 20px; border-top: 2.5px solid; }
.legend .dot { width: 8px; height: 8px; border-radius: 50%; background: currentColor; }
.legend .ring { width: 9px; height: 9px; border-radius: 50%; border: 1.5px solid; }
.legend .bar { width: 5px; height: 14px; border-radius: 2px; background: currentColor; opacity: 0.35; }
@media (max-width: 480px) { .figures { grid-template-columns: 1fr; } main { padding: 24px 14px 40px; } }
@media print { body { background: none; } figure, .tile { break-inside: avoid; } }
`;
