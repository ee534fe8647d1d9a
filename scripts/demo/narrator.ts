import pc from "picocolors";

/** Tells a person what is going on. */
export interface Narrator {
  /** A line of the timeline. */
  line(text: string): void;
  /** How far the story is, from 0 to 1, and what is happening now. */
  progress(share: number, what: string): void;
  /** Takes the progress bar away. */
  finish(): void;
}

/** The part of a stream that is needed here. */
type Output = Pick<NodeJS.WriteStream, "write"> & { readonly isTTY?: boolean; readonly columns?: number };

const BAR_WIDTH = 28;
const REDRAW_MS = 60;
/** Without a terminal there is no bar; where there is no timeline either, a line at every tenth shows that it goes on. */
const TENTHS = 10;

/**
 * Writes to `output`: the timeline, and on a terminal a progress bar below it. When `quiet` there is no timeline.
 */
export function createNarrator(output: Output, { quiet = false }: { readonly quiet?: boolean } = {}): Narrator {
  const live = output.isTTY === true;
  let bar = "";
  let drawnAt = 0;
  let tenth = -1;

  const clear = (): void => void (live && bar && output.write("\r\x1b[K"));
  const draw = (): void => void (live && bar && output.write(bar));
  return {
    line: (text) => {
      if (quiet) return;
      clear();
      output.write(`${text}\n`);
      draw();
    },
    progress: (share, what) => {
      if (!live) {
        const reached = Math.floor(share * TENTHS);
        const isNews = share === 0 || (quiet && reached > tenth);
        if (isNews) output.write(`${String(Math.round(share * 100)).padStart(3)} %  ${what}\n`);
        tenth = Math.max(tenth, reached);
        return;
      }
      const isFirst = bar === "";
      const next = render(share, what, output.columns ?? 80);
      if (!isFirst && Date.now() - drawnAt < REDRAW_MS && share < 1) return;
      clear();
      bar = next;
      drawnAt = Date.now();
      draw();
    },
    finish: () => {
      clear();
      bar = "";
    },
  };
}

function render(share: number, what: string, columns: number): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * BAR_WIDTH);
  const percent = `${Math.round(share * 100)} %`.padStart(5);
  const text = `${percent}  ${what}`.slice(0, Math.max(columns - BAR_WIDTH - 3, 0));
  return `${pc.cyan("█".repeat(filled))}${pc.dim("░".repeat(BAR_WIDTH - filled))} ${text}`;
}
