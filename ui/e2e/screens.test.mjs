// Every screen, light and dark, wide and on a phone; and the pictures of the README.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MOST_BYTES, picture } from "./pictures.mjs";
import { looked, SHOTS, screensOf } from "./screens.mjs";
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

const DOCS = join(import.meta.dirname, "../../docs/bridge");
const P = "/p/tidebook";
let world;
let site;
let chrome;
/** What the screens are of; their names are known before. */
let of;
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
  of = {
    project: "tidebook",
    bare: "almanac",
    done:
      columns.done.find((card) => card.title.startsWith("Curve is readable"))?.id ??
      columns.done[0].id,
    asked: columns.needs_you.find((card) => card.status === "asked").id,
  };
  // A comment at a line, beside what else the diff shows.
  const diff = await (
    await fetch(`${world.url}/api/v1/projects/tidebook/features/${of.done}/diff`, {
      headers: { authorization: `Bearer ${world.token()}` },
    })
  ).text();
  const [, path] = /^\+\+\+ b\/(.+)$/m.exec(diff);
  await world.api("POST", `/projects/tidebook/features/${of.done}/comments`, {
    text: `${path}:1: Say what is drawn for whoever sees no colours at all.`,
  });
  // In the middle of the run: some done, some at work.
  of.past = Math.floor((await world.api("GET", "/stats")).head / 2);
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

const NAMES = screensOf({}).map(([name]) => name);
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

      for (const [at, name] of NAMES.entries())
        it(name, async () => {
          const { page } = session;
          await page.goto(site.url + screensOf(of)[at][1]);
          await settled(page);
          await looked(session, `${name}-${look}`);
        });
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
