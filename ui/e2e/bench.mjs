// Figures, not tests: how soon a board of 2 000 features can be used, how long an instant of the past takes, and how
// long an event takes to the screen. `npm run bench`.
import { browser, pages, server, signedIn, tidebook } from "./world.mjs";

const FEATURES = 2_000;
const RUNS = 7;
const P = "/p/tidebook";
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const say = (what, all) =>
  console.log(
    `${what.padEnd(52)} ${Math.round(median(all))} ms (${all.map(Math.round).join(" ")})`,
  );

const world = await server();
await tidebook(world, { start: false });
for (let at = 0; at < FEATURES; at += 200) {
  const items = Array.from({ length: 200 }, (_, n) => ({
    key: `b${at + n}`,
    content: { title: `Feature ${at + n} of many`, category: `c${n % 8}`, priority: n % 5 },
  }));
  await world.api("POST", "/projects/tidebook/backlog", { items });
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

say(
  `board of ${FEATURES}: from the address to a card that opens`,
  await times(async () => {
    await page.goto(`${site.url}${P}/board`, { waitUntil: "commit" });
    await page.waitForSelector(".col.backlog .card");
    await page.keyboard.press("j");
    await page.waitForFunction(() => document.activeElement?.dataset.id);
  }),
);
say(
  "list of the same",
  await times(async () => {
    await page.goto(`${site.url}${P}/board?view=list`, { waitUntil: "commit" });
    await page.waitForSelector(".feature-list tbody a");
  }),
);
await page.goto(`${site.url}${P}/board`);
await page.waitForSelector(".col.backlog .card");
const { head } = await world.api("GET", "/stats");
say(
  "the same board at an instant, asked of the server",
  await times((at) => world.api("GET", `/projects/tidebook/board?at=${head - 1 - at * 150}`)),
);
say(
  "a feature that is added elsewhere, until it is drawn",
  await times(async (at) => {
    const title = `Seen ${at}`;
    const content = { title, priority: 0, rank: -1_000_000 - at };
    await world.api("POST", "/projects/tidebook/features", { content });
    await page.waitForSelector(`text="${title}"`, { timeout: 10_000 });
  }),
);

await close();
await chrome.close();
await site.end();
await world.end();
