import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { eq } from "drizzle-orm";
import { type OpenDatabase, openDatabase } from "../../../keeper/store/database.ts";
import { FencedOut } from "../../../keeper/store/fencing.ts";
import { attempts, intents, transitions } from "../../../keeper/store/schema.ts";
import { emptyStore } from "../support/store.ts";
import { DEEP } from "../../deep.ts";
import { type BareChain, CLIP, startBareChain } from "./support/bareChain.ts";
import { statementPoints } from "./support/host.ts";
import { type Stage, createStage, live, passBlock, takeLead } from "./support/life.ts";
import { type Mortal, createMortal } from "./support/mortal.ts";
import { SCENARIOS, type Scenario } from "./support/scenarios.ts";

/** Every point at which the hosts below were killed, by scenario: KEEL_LIST=1 writes it anew. */
const LIST = new URL("../../fixtures/killPoints.json", import.meta.url);
/** In so many scenarios every SQL statement is a point too, also inside the database's transactions. */
const SCENARIOS_BY_STATEMENT = 2;
const TIMEOUT_MS = 600_000;

/** Where to kill: the first time that a point is passed in each state of the machine; every time in the deep run. */
function pointsOf({ points }: Mortal): { readonly i: number; readonly name: string }[] {
  return points.map((name, i) => ({ i, name })).filter(({ i, name }) => DEEP || points.indexOf(name) === i);
}

describe("Crash at every await of the execute path (T41)", function () {
  this.timeout(TIMEOUT_MS);
  let chain: BareChain;
  let store: OpenDatabase;
  let watched: Mortal | undefined;
  let hasStatements = true;
  const listed: Record<string, string[]> = {};

  before(async () => {
    chain = await startBareChain();
    store = await openDatabase(
      { memory: true },
      statementPoints(() => (hasStatements ? watched : undefined)),
    );
  });
  after(async () => {
    await store.close();
    await chain.close();
    const count = Object.values(listed).reduce((sum, points) => sum + points.length, 0);
    console.log(`      ${count} kill points in ${Object.keys(listed).length} scenarios: test/fixtures/killPoints.json`);
  });

  async function stageOf(scenario: Scenario): Promise<Stage> {
    await chain.reset();
    await emptyStore(store);
    return createStage(chain, store.db, scenario);
  }

  /** A life without or with one death, and another life after it. */
  async function run(stage: Stage, mortal: Mortal, downtime = 0): Promise<void> {
    try {
      const host = await takeLead(stage, "first", mortal);
      watched = mortal;
      await live(stage, host);
    } catch (error) {
      if (!mortal.isDead()) throw error;
      watched = undefined;
      for (let i = 0; i < downtime; i++) await passBlock(stage);
      await live(stage, await takeLead(stage, "second"));
    } finally {
      watched = undefined;
    }
  }

  /** Exactly one clip, by exactly one mined deposit; nothing that was not stored was ever sent. */
  async function expectOnce({ sent }: Stage, where: string): Promise<void> {
    expect(await chain.held(), where).to.equal(CLIP);
    expect(await chain.deposits(), where).to.equal(1);
    const stored = await store.db.select().from(attempts);
    const known = new Set<string>(stored.map(({ hash }) => hash));
    expect(
      sent.every((hash) => known.has(hash)),
      `${where}: everything sent is stored`,
    ).to.equal(true);
    const final = await store.db.select().from(intents).where(eq(intents.tag, "final"));
    expect(final.length, where).to.equal(1);
  }

  for (const [number, scenario] of SCENARIOS.entries()) {
    it(`T41: ${scenario.name}: whatever point a host dies at, the next one ends with the same hedge, done once`, async () => {
      hasStatements = DEEP || number < SCENARIOS_BY_STATEMENT;
      const whole = createMortal();
      const undisturbed = await stageOf(scenario);
      await run(undisturbed, whole);
      await expectOnce(undisturbed, "undisturbed");
      const points = pointsOf(whole);
      listed[scenario.name] = points.map(({ name }) => name);
      for (const { i, name } of points) {
        const stage = await stageOf(scenario);
        const mortal = createMortal(i);
        await run(stage, mortal, i % 3);
        expect(mortal.isDead(), `it died at ${name}`).to.equal(true);
        await expectOnce(stage, `killed at ${name}`);
      }
    });
  }

  it("T41: a host that is paused anywhere and wakes up after a takeover writes nothing and hedges nothing", async () => {
    const [plain, stuck] = SCENARIOS;
    if (!plain || !stuck) throw new Error("There are scenarios.");
    for (const scenario of [plain, stuck]) {
      hasStatements = false; // a pause inside a transaction would hold the one connection of PGlite
      const whole = createMortal();
      await run(await stageOf(scenario), whole);
      for (const { i, name } of pointsOf(whole)) {
        const stage = await stageOf(scenario);
        const where = `${scenario.name}, paused at ${name}`;
        await pauseAndTakeOver(stage, i, where);
        await expectOnce(stage, where);
      }
    }
  });

  /** One host stands still at point `i`; another lives to its end; then the first wakes up. */
  async function pauseAndTakeOver(stage: Stage, i: number, where: string): Promise<void> {
    const paused = signal();
    const wake = signal();
    const sleeper = createMortal(i, () => (paused.set(), wake.happens));
    const first = takeLead(stage, "first", sleeper).then((host) => live(stage, host));
    const ended = first.then(
      () => undefined,
      (error: unknown) => error,
    );
    await paused.happens;
    await live(stage, await takeLead(stage, "second"));
    const before = await store.db.$count(transitions);
    const sentBefore = new Set(stage.sent).size;
    wake.set();
    const error = await ended;
    // It fails at its first write, or finds nothing left to write.
    if (error !== undefined) expect(error, where).to.be.instanceOf(FencedOut);
    expect(await store.db.$count(transitions), where).to.equal(before);
    expect(new Set(stage.sent).size, `${where}: nothing new is sent`).to.equal(sentBefore);
  }

  it("killed at every point that is listed, at least a hundred", () => {
    if (DEEP) return void expect(Object.values(listed).flat().length).to.be.at.least(1000);
    if (process.env.KEEL_LIST === "1") writeFileSync(LIST, `${JSON.stringify(listed, null, 1)}\n`);
    const expected = JSON.parse(readFileSync(LIST, "utf8")) as typeof listed;
    for (const [name, points] of Object.entries(listed)) expect(points, name).to.have.members(expected[name] ?? []);
    expect(Object.values(listed).flat().length).to.be.at.least(100);
  });
});

/** Something that happens once. */
function signal(): { readonly happens: Promise<void>; set(): void } {
  let set: () => void = () => undefined;
  const happens = new Promise<void>((resolve) => (set = resolve));
  return { happens, set };
}
