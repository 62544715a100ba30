// Figures, not tests: how soon a large board can be used, how long an instant of the past takes, what a page does under
// 500 events and 2 000 lines of output a second, whether its heap stays flat, and how long an event takes to the screen
// beside the sockets of twenty browsers. `npm run bench`, or shorter, `npm run bench-short`; with names, only those.

import { events, printing, sockets } from "./load.mjs";
import { drawnAfter, dropped, heap, say, sayTimes } from "./measure.mjs";
import { browser, pages, scripted, server, signedIn, tidebook, until } from "./world.mjs";

const IS_SHORT = process.argv.includes("--short");
const ONLY = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const MINUTES = Number(process.env.MINUTES ?? (IS_SHORT ? 2 : 30));
const FEATURES = 2_000;
const USUAL = 40;
const LARGE = "tidebook";
const RUNS = IS_SHORT ? 5 : 7;
const EVENTS = 500;
const LINES = 2_000;
const BROWSERS = 20;
const SEEN = IS_SHORT ? 40 : 200;
const SAMPLES = 10;
const P = "/p/tidebook";
const FRAME_SECONDS = IS_SHORT ? 10 : 30;

const world = await server();
await tidebook(world, { start: false });
const ids = [];
for (let at = 0; at < FEATURES; at += 200) {
  const items = Array.from({ length: 200 }, (_, n) => ({
    key: `b${at + n}`,
    content: { title: `Feature ${at + n} of many`, category: `c${n % 8}`, priority: n % 5 },
  }));
  ids.push(...(await world.api("POST", "/projects/tidebook/backlog", { items })).ids);
}
const site = await pages(world);
const chrome = await browser();
const { page, close } = await signedIn(chrome, site, world);

/** Milliseconds of something, as often as is asked for. */
async function times(run) {
  const found = [];
  for (let at = 0; at < RUNS; at += 1) {
    const begun = performance.now();
    await run(at);
    found.push(performance.now() - begun);
  }
  return found;
}

async function onBoard(project = LARGE) {
  await page.goto(`${site.url}/p/${project}/board`);
  await page.waitForSelector(".col.backlog .card");
}

async function board() {
  const open = async (view, selector) => {
    await page.goto(`${site.url}${P}/board?view=${view}`, { waitUntil: "commit" });
    await page.waitForSelector(selector);
  };
  sayTimes(
    `board of ${FEATURES}: from the address to a card that opens`,
    await times(async () => {
      await open("board", ".col.backlog .card");
      await page.keyboard.press("j");
      await page.waitForFunction(() => document.activeElement?.dataset.id);
    }),
  );
  sayTimes("list of the same", await times(() => open("list", ".feature-list tbody a")));
}

async function past() {
  const { head } = await world.api("GET", "/stats");
  sayTimes(
    "the same board at an instant, asked of the server",
    await times((at) => world.api("GET", `/projects/tidebook/board?at=${head - 1 - at * 150}`)),
  );
}

/** Each is put before all others: further down a long column it would not be drawn. */
let first = -1_000_000;

/** A feature that somebody adds elsewhere, until it is drawn here. */
async function seen(what, project) {
  await onBoard(project);
  const found = [];
  for (let at = 0; at < SEEN; at += 1) {
    const title = `Seen ${what} ${at};`;
    first -= 1;
    const content = { title, priority: 0, rank: first };
    const add = () => world.api("POST", `/projects/${project}/features`, { content });
    found.push(await drawnAfter(page, add, title));
  }
  for (const [from, words] of [
    ["fromAsked", "from asking to the pixel"],
    ["fromAnswered", "from the answer to the pixel"],
  ])
    sayTimes(
      `${what}: ${words}`,
      found.map((one) => one[from]),
    );
}

const large = () => seen(`board of ${FEATURES}`, LARGE);

/** On a board of usual size, alone and beside as many sockets as so many browsers have. */
async function crowd() {
  const items = Array.from({ length: USUAL }, (_, n) => ({ title: `Usual ${n}`, script: [] }));
  await scripted(world, "usual", items, 1);
  await seen(`board of ${USUAL}`, "usual");
  const other = await signedIn(chrome, site, world);
  const received = await sockets(other.page, "usual", BROWSERS);
  await seen(`the same beside ${BROWSERS} browsers`, "usual");
  say("messages that they received meanwhile", String(await received()));
  await other.close();
}

/** Frames under load, on each screen that shows it. */
async function frames() {
  for (const [name, path] of [
    ["board", "board"],
    ["log", "log?all=1"],
  ]) {
    await page.goto(`${site.url}${P}/${path}`);
    await page.waitForSelector("main#main h1");
    const load = events(world, "tidebook", ids, EVENTS);
    await page.waitForTimeout(2_000);
    const { share, longest } = await dropped(page, FRAME_SECONDS);
    const rate = await load.end();
    say(
      `${name}, ${EVENTS} events/s (there were ${rate.toFixed(0)})`,
      `${(share * 100).toFixed(1)} % of frames dropped, the longest took ${longest.toFixed(0)} ms`,
    );
  }
}

/** A slot prints, and somebody reads on; that is how output comes until the feed brings it. */
async function reading() {
  await world.api("PATCH", "/projects/tidebook", {
    agent: { dialect: "command", command: printing(LINES) },
  });
  await world.api("PUT", "/projects/tidebook/target", { count: 1 });
  await world.api("POST", "/projects/tidebook/start", {});
  await until("it prints", async () =>
    (await world.api("GET", "/projects/tidebook/board")).slots.some((slot) => slot.session),
  );
  await page.goto(`${site.url}${P}/output?slot=1`);
  await page.waitForSelector("button:has-text('Read on')");
  const on = setInterval(() => {
    page.click("button:has-text('Read on')", { timeout: 900 }).catch(() => {});
  }, 1_000);
  return async () => {
    clearInterval(on);
    await world.api("POST", "/projects/tidebook/stop", {});
  };
}

async function lines() {
  const end = await reading();
  await page.waitForTimeout(3_000);
  const { share, longest } = await dropped(page, FRAME_SECONDS);
  const seen = await page.$$eval(".term [data-index]", (all) =>
    Math.max(0, ...all.map((one) => Number(one.dataset.index) + 1)),
  );
  await end();
  if (seen === 0) throw new Error("no line was seen");
  say(
    `output, ${LINES} lines/s, read on every second`,
    `${(share * 100).toFixed(1)} % of frames dropped, the longest took ${longest.toFixed(0)} ms; line ${seen} was seen`,
  );
}

/** The heap over time, under events, on the board. */
async function memory() {
  await onBoard();
  const load = events(world, "tidebook", ids, EVENTS);
  const found = [];
  for (let at = 0; at <= SAMPLES; at += 1) {
    found.push((await heap(page)) / 1_048_576);
    if (at < SAMPLES) await page.waitForTimeout((MINUTES * 60_000) / SAMPLES);
  }
  const rate = await load.end();
  say(
    `heap over ${MINUTES} min of ${rate.toFixed(0)} events/s`,
    `${found.map((one) => one.toFixed(1)).join(" ")} MiB`,
  );
}

const ALL = { board, past, large, crowd, frames, lines, memory };
for (const [name, run] of Object.entries(ALL)) {
  if (ONLY.length > 0 && !ONLY.includes(name)) continue;
  try {
    await run();
  } catch (thrown) {
    say(name, `not measured: ${thrown.message.split("\n")[0]}`);
    process.exitCode = 1;
  }
}

await close();
await chrome.close();
await site.end();
await world.end();
