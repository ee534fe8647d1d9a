/** Markup that is safe to put into a page as it stands. Made by `html` and by the helpers of this folder only. */
export interface Html {
  readonly markup: string;
}

/** Text is escaped, markup is kept, lists are joined. */
export type HtmlPart = string | number | Html | readonly Html[];

/** Template tag: html`<td>${text}</td>` escapes every text that is put in. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const markup = strings.reduce((sum, string, i) => sum + markupOf(parts[i - 1] ?? "") + string);
  return { markup };
}

/** Marks a string as markup. Only for output of tools that escape by themselves, such as the chart renderer. */
export function trustedMarkup(markup: string): Html {
  return { markup };
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function markupOf(part: HtmlPart): string {
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
}
