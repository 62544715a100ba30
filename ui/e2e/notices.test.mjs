// Sounds and notifications: only for who wants them, only of the project that is looked at, only of what happens while the
// page is open. And whoever wants no motion sees none.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { tabTo } from "./keyboard.mjs";
import { noticed, shownOf, TUNES, tonesOf, turn } from "./notices.mjs";
import { browser, pages, scripted, server, settled, signedIn, until } from "./world.mjs";

let world;
let site;
let chrome;
let session;

const asks = { title: "Asks", script: ["ask Which way?", "submit"] };
const works = { title: "Works", script: ["sleep 600000", "submit"] };

before(async () => {
  world = await server();
  for (const name of ["mine", "other"]) await scripted(world, name, [asks, works]);
  site = await pages(world);
  chrome = await browser();
  session = await signedIn(chrome, site, world);
  await open(session.page);
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

async function open(page) {
  await page.goto(`${site.url}/p/mine/board`);
  await page.waitForSelector(".col");
}

const deed = (name, what) => world.api("POST", `/projects/${name}/${what}`, {});
const needsOf = async (name) => (await world.api("GET", `/projects/${name}`)).needs.length;

/** What is heard once a project was started and asked something, and the page shows it. */
async function heardOf(name) {
  await deed(name, "start");
  await until(`${name} asks`, async () => (await needsOf(name)) > 0);
  const waiting = await world.api("GET", "/projects");
  const count = waiting.reduce((sum, one) => sum + one.needs.length, 0);
  await session.page.waitForFunction((wanted) => document.title.startsWith(`(${wanted})`), count);
  return tonesOf(session.page);
}

describe("notifications", () => {
  it("are refused in words where the browser does not let the page show any", async () => {
    const { page } = session;
    await turn(page, tabTo, "Notifications");
    await page.waitForSelector("text=This browser does not let the page show any.");
    assert.equal(await page.isChecked("label:has-text('Notifications') input"), false);
    await session.close();
  });
});

describe("sounds", () => {
  before(async () => {
    session = await signedIn(chrome, site, world);
    await noticed(session.page.context());
    await open(session.page);
  });

  it("are off until somebody turns them on", async () => {
    assert.deepEqual(await heardOf("mine"), []);
    await deed("mine", "stop");
    await session.page.waitForSelector(".acts button:has-text('Start')");
  });

  it("are heard then, and notifications are shown while nobody looks", async () => {
    const { page } = session;
    await turn(page, tabTo, "Sounds");
    await turn(page, tabTo, "Notifications");
    assert.equal(await page.isChecked("label:has-text('Notifications') input"), true);
    await page.keyboard.press("Escape");
    await deed("mine", "start");
    await page.waitForFunction(() => globalThis.tones.length >= 2);
    assert.deepEqual(await tonesOf(page), TUNES.started);
    assert.deepEqual(await shownOf(page), [], "who looks at the page sees it there");
  });

  it("tell nothing of another project", async () => {
    const { page } = session;
    await page.evaluate(() => {
      globalThis.isAway = true;
      globalThis.tones = [];
    });
    assert.deepEqual(await heardOf("other"), []);
    assert.deepEqual(await shownOf(page), []);
  });

  it("tell what needs somebody, once", async () => {
    const { page } = session;
    const asked = (await world.api("GET", "/projects/mine/board")).columns.needs_you[0];
    await world.api("POST", `/projects/mine/features/${asked.id}/answer`, { text: "Ahead." });
    await page.waitForFunction(() => globalThis.tones.length > 0);
    assert.deepEqual(await tonesOf(page), TUNES.needs);
    assert.deepEqual(await shownOf(page), [`mine needs you: ${asked.id} asks: Which way?`]);
  });

  it("tell nothing when the page is loaded again", async () => {
    const { page } = session;
    await open(page);
    await settled(page);
    await page.waitForTimeout(1_500);
    assert.deepEqual(await tonesOf(page), []);
    assert.deepEqual(await shownOf(page), []);
    assert.deepEqual(session.faults.splice(0), []);
  });
});

/** What moves now, or would for ever. */
const moving = (page) =>
  page.evaluate(() =>
    document
      .getAnimations()
      .filter((one) => one.playState === "running" && one.effect.getTiming().duration > 1)
      .map((one) => one.animationName ?? one.transitionProperty),
  );

describe("motion", () => {
  it("a dot breathes where a session runs, and stands still for who wants no motion", async () => {
    await session.page.waitForSelector(".col.in_progress .card");
    await settled(session.page);
    assert.notDeepEqual(await moving(session.page), []);
    const still = await signedIn(chrome, site, world, { reducedMotion: "reduce" });
    for (const path of ["/p/mine/board", "/p/mine/fleet", "/", "/p/mine/board?add=1"]) {
      await still.page.goto(site.url + path);
      await still.page.waitForSelector("main h1");
      assert.deepEqual(await moving(still.page), [], path);
      await settled(still.page);
      assert.deepEqual(await moving(still.page), [], path);
    }
    await still.close();
  });
});
