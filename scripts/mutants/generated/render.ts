import type { Range } from "./syntax.ts";

/** A piece of source that is replaced: by what it makes of itself, or of parts of itself. */
export interface Edit extends Range {
  /** @param text What is there, with all edits within. @param part The same of a part. */
  replace(text: string, part: (range: Range) => string): string;
}

/** The text between two positions with edits, which contain each other or do not overlap. Of equal ones the first is innermost. */
export function render(text: string, edits: readonly Edit[], range: Range = { start: 0, end: text.length }): string {
  const within = edits.filter(({ start, end }) => start >= range.start && end <= range.end);
  const outermost = within.filter((edit) => !within.some((other) => isInside(edit, other)));
  const places = [...new Map(outermost.map((edit) => [`${edit.start}:${edit.end}`, edit])).values()];
  let result = "";
  let at = range.start;
  for (const place of places.sort((a, b) => a.start - b.start)) {
    const inner = within.filter((edit) => isInside(edit, place));
    const part = (piece: Range) => render(text, inner, piece);
    const here = within.filter(({ start, end }) => start === place.start && end === place.end);
    result += text.slice(at, place.start) + here.reduce((now, edit) => edit.replace(now, part), part(place));
    at = place.end;
  }
  return result + text.slice(at, range.end);
}

function isInside(a: Range, b: Range): boolean {
  return a.start >= b.start && a.end <= b.end && a.end - a.start < b.end - b.start;
}
