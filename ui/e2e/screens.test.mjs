// Every screen, light and dark, wide and on a phone: its picture is taken, axe finds nothing, the console is silent, and
// nothing is wider than the page.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MOST_BYTES, picture } from "./pictures.mjs";
import {
  almanac,
  browser,
  pages,
  server,
  settled,
  signedIn,
  tidebook,
  until,
  violations,
} from "./world.mjs";

const SHOTS = join(import.meta.dirname, "shots");
const DOCS = join(import.meta.dirname, "../../docs/bridge");
const P = "/p/tidebook";
let world;
let site;
let chrome;
let ids;
const sizes = {};

const WIDE = { width: 1440, height: 900 };
/** The README's pictures, taken while the fleet is busy; into docs/ when they are to be made anew. */
async function pictures() {
  const folder = process.env.PICTURES === "write" ? DOCS : join(SHOTS, "docs");
  const board = () => world.api("GET", "/projects/tidebook/board");
  await until("a third is done", async () => (await board()).columns.done.length >= 13);
  const { head } = await world.api("GET", "/stats");
  const take = async (name, path, options) => {
    const { page, close } = await signedIn(chrome, site, world, options);
    await page.goto(site.url + path);
    await settled(page);
    sizes[name] = await picture(page, folder, name);
    await close();
  };
  await take("light", `${P}/board`, { colorScheme: "light", viewport: WIDE });
  await until("somebody is asked", async () =>
    (await board()).columns.needs_you.some((card) => card.status === "asked"),
  );
  const { columns } = await board();
  const asked = columns.needs_you.find((card) => card.status === "asked").id;
  await take("dark", `${P}/log?all=1`, { colorScheme: "dark", viewport: WIDE });
  await take("phone", `/needs-you?item=tidebook/question/${asked}`, {
    colorScheme: "light",
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  await take("past", `${P}/board?at=${Math.floor(head * 0.7)}`, {
    colorScheme: "light",
    viewport: WIDE,
  });
}

before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  world = await server();
  // Two features stay in work, so that the fleet is seen at it.
  await tidebook(world, { pace: 60, long: 900_000 });
  await almanac(world);
  site = await pages(world);
  chrome = await browser();
  await pictures();
  const columns = await until(
    "the three things that need somebody, and twenty done",
    async () => {
      const board = await world.api("GET", "/projects/tidebook/board");
      return (
        board.columns.needs_you.length >= 3 && board.columns.done.length >= 20 && board.columns
      );
    },
    240_000,
  );
  ids = {
    done:
      columns.done.find((card) => card.title.startsWith("Curve is readable"))?.id ??
      columns.done[0].id,
    asked: columns.needs_you.find((card) => card.status === "asked").id,
  };
  // In the middle of the run: some done, some at work.
  ids.past = Math.floor((await world.api("GET", "/stats")).head / 2);
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

const SCREENS = [
  ["projects", () => "/"],
  ["needs-you", () => "/needs-you"],
  ["needs-you-question", () => `/needs-you?item=tidebook/question/${ids.asked}`],
  ["new", () => "/new"],
  ["new-spec", () => "/new?resume=almanac&step=spec"],
  ["new-backlog", () => "/new?resume=almanac&step=backlog"],
  ["new-fleet", () => "/new?resume=almanac&step=fleet"],
  ["board", () => `${P}/board`],
  ["board-empty", () => "/p/almanac/board"],
  ["board-list", () => `${P}/board?view=list`],
  ["board-graph", () => `${P}/board?view=graph`],
  ["board-add", () => `${P}/board?add=1`],
  ["feature-story", () => `${P}/board?feature=${ids.done}`],
  ["feature-request", () => `${P}/board?feature=${ids.done}&tab=request`],
  ["feature-diff", () => `${P}/board?feature=${ids.done}&tab=diff`],
  ["feature-evidence", () => `${P}/board?feature=${ids.done}&tab=evidence`],
  ["feature-sessions", () => `${P}/board?feature=${ids.done}&tab=sessions`],
  ["fleet", () => `${P}/fleet`],
  ["queue", () => `${P}/queue`],
  ["output", () => `${P}/output?slot=1`],
  ["log", () => `${P}/log`],
  ["log-all", () => "/log"],
  ["log-past", () => `${P}/log?at=${ids.past}`],
  ["projects-past", () => `/?at=${ids.past}`],
  ["needs-you-past", () => `/needs-you?at=${ids.past}`],
  ["board-past", () => `${P}/board?at=${ids.past}`],
  ["board-list-past", () => `${P}/board?view=list&at=${ids.past}`],
  ["board-graph-past", () => `${P}/board?view=graph&at=${ids.past}`],
  ["feature-past", () => `${P}/board?feature=${ids.done}&at=${ids.past}`],
  ["fleet-past", () => `${P}/fleet?at=${ids.past}`],
  ["queue-past", () => `${P}/queue?at=${ids.past}`],
  ["output-past", () => `${P}/output?slot=1&at=${ids.past}`],
  ["insights-past", () => `${P}/insights?at=${ids.past}`],
  ["settings-past", () => `${P}/settings/models?at=${ids.past}`],
  ["milestone", () => `${P}/milestones/10`],
  ["insights", () => `${P}/insights`],
  ["settings-models", () => `${P}/settings/models`],
  ["settings-verification", () => `${P}/settings/verification`],
  ["settings-limits", () => `${P}/settings/limits`],
  ["settings-egress", () => `${P}/settings/egress`],
  ["settings-repository", () => `${P}/settings/repository`],
  ["settings-readers", () => `${P}/settings/readers`],
  ["settings-delete", () => `${P}/settings/delete`],
  ["audit", () => "/audit"],
  ["doctor", () => "/doctor"],
];

const LOOKS = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["phone", { colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true }],
];

describe("screens", { concurrency: 2 }, () => {
  for (const [look, options] of LOOKS) {
    describe(look, { concurrency: 1 }, () => {
      let session;
      before(async () => {
        session = await signedIn(chrome, site, world, options);
      });
      after(() => session?.close());

      for (const [name, address] of SCREENS) {
        it(name, async () => {
          const { page, faults } = session;
          await page.goto(site.url + address());
          await settled(page);
          await page.screenshot({ path: join(SHOTS, `${name}-${look}.png`) });
          assert.deepEqual(await violations(page), []);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `the page is ${wide} pixels wider than what is seen`);
          assert.deepEqual(faults.splice(0), []);
        });
      }
    });
  }
});

it("pictures of the README are small", () => {
  assert.equal(Object.keys(sizes).length, 4);
  for (const [name, bytes] of Object.entries(sizes))
    assert.ok(bytes <= MOST_BYTES, `${name} has ${bytes} bytes`);
});

it("sign-in", async () => {
  const context = await chrome.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${site.url}/p/tidebook/board`);
  await page.waitForSelector("h1");
  await page.screenshot({ path: join(SHOTS, "sign-in-light.png") });
  assert.deepEqual(await violations(page), []);
  assert.equal(await page.textContent("h1"), "Sign in");
  await context.close();
});
