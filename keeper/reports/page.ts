import { type Html, type HtmlPart, html, trustedMarkup } from "./html.ts";
import { STYLE } from "./style.ts";

/** A self-contained report: no script, nothing loaded from elsewhere. */
export interface Page {
  readonly title: string;
  /** One or two sentences under the title. */
  readonly lead?: string;
  readonly sections: readonly Section[];
  /** Small print at the end. */
  readonly footer?: string;
  /** Seconds after which a browser asks for it again, if it is to show what goes on. */
  readonly refreshSeconds?: number;
}

export interface Section {
  readonly heading: string;
  readonly note?: string;
  readonly body: HtmlPart;
}

export function renderPage({ title, lead, sections, footer, refreshSeconds }: Page): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refreshSeconds === undefined ? "" : html`<meta http-equiv="refresh" content="${refreshSeconds}" />`}
        <title>${title}</title>
        <style>
          ${trustedMarkup(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${title}</h1>
            ${optional(lead, (text) => html`<p class="lead">${text}</p>`)}
          </header>
          ${sections.map(renderSection)} ${optional(footer, (text) => html`<footer>${text}</footer>`)}
        </main>
      </body>
    </html> `;
  return page.markup;
}

function renderSection({ heading, note, body }: Section): Html {
  return html`<section>
    <h2>${heading}</h2>
    ${optional(note, (text) => html`<p class="note">${text}</p>`)} ${body}
  </section> `;
}

/** A number worth a glance. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly detail?: string;
}

/** A row of figures in large type. */
export function tiles(entries: readonly Tile[]): Html {
  const cells = entries.map(
    ({ label, value, detail }) =>
      html`<div class="tile">
        <dt>${label}</dt>
        <dd>${value}</dd>
        ${optional(detail, (text) => html`<p>${text}</p>`)}
      </div> `,
  );
  return html`<dl class="tiles">${cells}</dl>`;
}

export interface Column {
  readonly heading: string;
  readonly align?: "left" | "right";
}

/** A table that scrolls sideways where it is wider than the page. */
export function table(columns: readonly Column[], rows: readonly (readonly HtmlPart[])[]): Html {
  const sideOf = (i: number) => columns[i]?.align ?? "right";
  const heads = columns.map(({ heading }, i) => html`<th scope="col" class="${sideOf(i)}">${heading}</th>`);
  const body = rows.map(
    (row) =>
      html`<tr>
        ${row.map((cell, i) => html`<td class="${sideOf(i)}">${cell}</td>`)}
      </tr> `,
  );
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

export interface Figure {
  readonly title: string;
  readonly caption?: string;
  readonly chart: Html;
}

/** Charts side by side, as many as fit: three on a large screen, or two when they are wide. */
export function figures(entries: readonly Figure[], { wide = false } = {}): Html {
  const cells = entries.map(
    ({ title, caption, chart }) =>
      html`<figure>
        <figcaption><strong>${title}</strong>${optional(caption, (text) => html`<span>${text}</span>`)}</figcaption>
        ${chart}
      </figure> `,
  );
  return html`<div class="${wide ? "figures wide" : "figures"}">${cells}</div>`;
}

export interface LegendEntry {
  readonly label: string;
  /** A CSS colour, or a variable of style.ts. */
  readonly color: string;
  readonly shape: "line" | "dot" | "ring" | "bar";
}

/** One legend for many charts. */
export function legend(entries: readonly LegendEntry[]): Html {
  const items = entries.map(
    ({ label, color, shape }) => html`<li><i class="${shape}" style="color: ${color}"></i>${label}</li> `,
  );
  return html`<ul class="legend">
    ${items}
  </ul>`;
}

function optional(text: string | undefined, render: (text: string) => Html): HtmlPart {
  return text === undefined ? "" : render(text);
}
