import { expect } from "chai";
import { createOverview } from "../../../keeper/app/overview.ts";
import type { Timeline } from "../../../sdk/portfolio/timeline.ts";
import type { TimelineQuery } from "../../../keeper/store/timeline.ts";

const HOUR_MS = 3_600_000;
const SECOND = 1_000;

describe("Overview", () => {
  let now = 0;
  /** Every look into the record, in order; each lasts until it is answered. */
  let asked: (TimelineQuery & { readonly answer: () => void; readonly fail: (error: unknown) => void })[] = [];
  const hoursAsked = () => asked.map(({ from, to }) => Math.round((to - from) / HOUR_MS));

  function overviewOf(...names: string[]) {
    now = 1_000_000 * SECOND;
    asked = [];
    const timeline = (query: TimelineQuery) =>
      new Promise<Timeline>((resolve, reject) => {
        const nothing: Timeline = { ...query, moments: [], hedges: [], profits: new Map() };
        asked.push({ ...query, answer: () => resolve(nothing), fail: reject });
      });
    const tickers = names.map((name) => ({ name })) as unknown as Parameters<typeof createOverview>[0]["tickers"];
    return createOverview({ tickers, timeline }, { readiness: () => ({ ok: true, checks: [] }), now: () => now });
  }

  /** Until so many looks were taken. */
  async function looks(count: number) {
    while (asked.length < count) await new Promise(setImmediate);
    // Whatever else was to begin has begun.
    for (let i = 0; i < 10; i += 1) await new Promise(setImmediate);
    return asked[count - 1]!;
  }

  const failureOf = (page: Promise<string>) =>
    page.then(
      () => "none",
      (error: unknown) => String(error),
    );

  it("makes one page after the other and reads one market after the other, whatever is asked for at once", async () => {
    const overview = overviewOf("eth", "btc");
    const pages = [overview(24), overview(168), overview(24)];
    (await looks(1)).answer();
    (await looks(2)).answer();
    (await looks(3)).answer();
    expect(hoursAsked()).to.deep.equal([24, 24, 168]);
    (await looks(4)).answer();
    const [day, week, sameDay] = await Promise.all(pages);
    expect(asked.map(({ market }) => market)).to.deep.equal(["eth", "btc", "eth", "btc"]);
    expect(day).to.equal(sameDay).and.include("The last 24 hours");
    expect(week).to.include("The last 168 hours");
  });

  it("shows a page again for twenty times as long as it took, and two seconds at least", async () => {
    const overview = overviewOf("eth");
    const first = overview(24);
    const look = await looks(1);
    now += SECOND;
    look.answer();
    await first;
    now += 20 * SECOND - 1;
    expect(await overview(24)).to.equal(await first);
    now += 1;
    const second = overview(24);
    (await looks(2)).answer();
    await second;
    now += 2 * SECOND - 1;
    await overview(24);
    expect(asked).to.have.length(2);
    now += 1;
    void overview(24);
    await looks(3);
  });

  it("refuses more than six different pages at a time", async () => {
    const overview = overviewOf("eth");
    const pages = [1, 2, 3, 4, 5, 6].map(overview);
    expect(await failureOf(overview(7))).to.include("6 others were asked for just now. Try again in a minute.");
    for (let count = 1; count <= 6; count += 1) (await looks(count)).answer();
    await Promise.all(pages);
    now += 2 * SECOND;
    void overview(7);
    await looks(7);
  });

  it("says that the database is away without its statements, and asks it again the next time", async () => {
    const overview = overviewOf("eth");
    const first = overview(24);
    (await looks(1)).fail(Object.assign(new Error("select secrets"), { code: "ECONNREFUSED" }));
    expect(await failureOf(first)).to.equal("Error: the database does not answer (ECONNREFUSED)");
    const second = overview(24);
    (await looks(2)).fail(new Error("Failed query: select secrets"));
    expect(await failureOf(second)).to.equal("Error: the keeper's record cannot be read");
    const third = overview(24);
    (await looks(3)).answer();
    expect(await third).to.include("Nothing was recorded in this time.");
  });
});
