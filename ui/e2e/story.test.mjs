// The story of somebody at work, against the real server: by keyboard, in two browsers, and across a restart.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { browser, pages, server, signedIn, tidebook, until } from "./world.mjs";

let world;
let site;
let chrome;
let here;
let there;

before(async () => {
  world = await server();
  await tidebook(world, { pace: 200, start: false });
  site = await pages(world);
  chrome = await browser();
  here = await signedIn(chrome, site, world);
  there = await signedIn(chrome, site, world);
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

const board = () => world.api("GET", "/projects/tidebook/board");
const order = (page) =>
  page.$$eval(".col.backlog .card", (cards) => cards.map((card) => card.dataset.id));

async function open(page, path) {
  await page.goto(site.url + path);
  await page.waitForSelector("main h1", { state: "attached" });
  // While a fleet works the network is never idle.
  await page.waitForTimeout(500);
}

describe("by keyboard alone", () => {
  it("goes to screens, the palette and the list of keys", async () => {
    const { page } = here;
    await open(page, "/p/tidebook/board");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "To the content");
    for (const [key, path] of [
      ["f", "fleet"],
      ["t", "queue"],
      ["o", "output"],
      ["l", "log"],
      ["i", "insights"],
      ["s", "settings"],
      ["b", "board"],
    ]) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.waitForURL(`**/p/tidebook/${path}**`);
    }
    await page.keyboard.press("?");
    await page.waitForSelector(".keysheet");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".keysheet", { state: "detached" });
    await page.keyboard.press("Control+k");
    await page.waitForSelector("[role=combobox]");
    await page.keyboard.type("merge queue of");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/p/tidebook/queue**");
  });

  it("opens a card, and Esc gives focus back to it", async () => {
    const { page } = here;
    await open(page, "/p/tidebook/board");
    await page.waitForSelector(".card");
    await page.keyboard.press("j");
    const id = await page.evaluate(() => document.activeElement?.dataset.id);
    assert.ok(id);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".drawer");
    assert.ok(page.url().includes(`feature=${id}`));
    await page.keyboard.press("Escape");
    await page.waitForSelector(".drawer", { state: "detached" });
    await page.waitForFunction((wanted) => document.activeElement?.dataset.id === wanted, id);
    assert.ok(!page.url().includes("feature="));
  });

  it("moves a card, which keeps its place after a reload", async () => {
    const { page } = here;
    const first = await order(page);
    await page.focus(`[data-id="${first[3]}"]`);
    for (const key of [" ", "ArrowUp", "ArrowUp", " "]) await page.keyboard.press(key);
    const wanted = [first[0], first[3], first[1], first[2]];
    await until("the server has the new order", async () => {
      const ids = (await board()).columns.backlog.map((card) => card.id);
      return wanted.every((id, at) => ids[at] === id);
    });
    await page.reload();
    await page.waitForSelector(".card");
    assert.deepEqual((await order(page)).slice(0, 4), wanted);
  });

  it("adds a feature, and both browsers see it", async () => {
    await open(there.page, "/p/tidebook/board");
    const { page } = here;
    await page.keyboard.press("n");
    await page.waitForSelector(".sheet input");
    await page.keyboard.type("Added by keyboard");
    await page.keyboard.press("Control+Enter");
    for (const { page: one } of [here, there])
      await one.waitForSelector("text=Added by keyboard", { timeout: 5_000 });
  });
});

describe("what was added", () => {
  it("is withdrawn again", async () => {
    const added = (await board()).columns.backlog.find(
      (card) => card.title === "Added by keyboard",
    );
    await world.api("DELETE", `/projects/tidebook/features/${added.id}`);
    for (const { page } of [here, there])
      await page.waitForSelector("text=Added by keyboard", { state: "detached" });
  });
});

describe("while the fleet works", () => {
  it("starts, and both browsers agree with the server", async () => {
    const { page } = here;
    await open(page, "/p/tidebook/board");
    await open(there.page, "/p/tidebook/board");
    await page.click(".acts button:has-text('Start')");
    await page.waitForSelector("text=/At work since/");
    await until("something is done", async () => (await board()).project.closed >= 4);
    const counts = (one) =>
      one.$$eval(".col > header .ct", (found) => found.map((each) => each.textContent));
    await until("both browsers and the server are in step", async () => {
      const [a, b, server] = await Promise.all([counts(here.page), counts(there.page), board()]);
      const wanted = ["backlog", "in_progress", "review", "merging", "done", "needs_you"].map(
        (name) => String(server.columns[name].length),
      );
      return (
        JSON.stringify(a) === JSON.stringify(wanted) && JSON.stringify(b) === JSON.stringify(wanted)
      );
    });
  });

  it("changes the number of slots without ending a session", async () => {
    const { page } = here;
    await open(page, "/p/tidebook/fleet");
    await page.focus("input[type=range]");
    await page.keyboard.press("ArrowLeft");
    await until("four slots are wanted", async () => (await board()).project.target === 4);
    const { events } = await world.api(
      "GET",
      "/events?type=container.interrupt_requested&limit=10",
    );
    assert.equal(events.length, 0);
  });

  it("heals across a restart of the server, without a reload and without loss", async () => {
    const { page } = here;
    await open(page, "/p/tidebook/board");
    await page.evaluate(() => {
      globalThis.notReloaded = true;
    });
    await world.stop();
    await page.waitForSelector("text=/Not connected since/", { timeout: 15_000 });
    await page.waitForFunction(() => document.title.startsWith("!"));
    await world.start();
    await page.waitForSelector("text=/Not connected since/", {
      state: "detached",
      timeout: 40_000,
    });
    await until("the page has caught up", async () => {
      const { head } = await world.api("GET", "/stats");
      const said = (await page.textContent(".dock .where"))
        .replace(/\D*position ([\d\s\u202f]+).*/s, "$1")
        .replace(/\D/g, "");
      return Math.abs(Number(said) - head) <= 40;
    });
    assert.equal(await page.evaluate(() => globalThis.notReloaded), true);
  });

  it("answers the question and lets the held change through, by key", async () => {
    const { page } = here;
    await until(
      "three things need somebody",
      async () => (await board()).columns.needs_you.length >= 3,
      240_000,
    );
    const asked = (await board()).columns.needs_you.find((card) => card.status === "asked");
    await open(page, `/needs-you?item=tidebook/question/${asked.id}`);
    await page.fill("textarea", "One span in harbour time.");
    await page.keyboard.press("Control+Enter");
    await until(
      "it is answered",
      async () => !(await board()).columns.needs_you.some((card) => card.id === asked.id),
    );
    await open(page, "/needs-you");
    await page.click(".inbox-item:has-text('Held change')");
    await page.waitForSelector("text=Approve");
    await page.keyboard.press("e");
    await until(
      "it is approved",
      async () => !(await board()).columns.needs_you.some((card) => card.status === "held"),
    );
    assert.deepEqual(here.faults.splice(0), []);
    assert.deepEqual(there.faults.splice(0), []);
  });
});

describe("in the past", () => {
  it("shows no control that acts, keeps the instant in links, and is left with a key", async () => {
    const { page } = here;
    await open(page, "/p/tidebook/log?at=200");
    assert.equal(await page.getAttribute("html", "data-mode"), "past");
    await page.waitForSelector("text=You are in the past.");
    await page.waitForFunction(() => /^\[\d\d:\d\d\] log/.test(document.title));
    for (const screen of ["board", "fleet", "queue", "report", "insights", "settings"]) {
      await open(page, `/p/tidebook/${screen}?at=200`);
      const acts = await page.$$eval("main button", (found) =>
        found
          .map((one) => one.textContent?.trim())
          .filter((text) => /Start|Stop|Drain|Add|Approve|Save|Delete|Withdraw/.test(text ?? "")),
      );
      assert.deepEqual(acts, [], screen);
    }
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.waitForURL("**/log?at=200");
    await page.keyboard.press("[");
    await page.waitForURL("**/log?at=199");
    await page.keyboard.press(".");
    await page.waitForFunction(() => document.documentElement.dataset.mode === "now");
    assert.ok(!page.url().includes("at="));
  });
});
