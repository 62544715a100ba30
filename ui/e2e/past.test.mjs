// The past is what was: while a fleet works, boards are taken from the socket as they come; afterwards the slider is put
// at twenty of those positions, and what is shown there is what was captured.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { browser, pages, server, settled, signedIn, tidebook, until } from "./world.mjs";

const NAMES = ["backlog", "in_progress", "review", "merging", "done", "needs_you"];
const STOPS = 20;
const P = "/p/tidebook";
let world;
let site;
let chrome;
let here;
/** Position → what the board said: ids by column, and slots. */
const captured = new Map();

/** What of a board is compared. */
const told = (board) => ({
  columns: Object.fromEntries(
    NAMES.map((name) => [name, board.columns[name].map((card) => `${card.id} ${card.status}`)]),
  ),
  slots: board.slots.map((slot) => `${slot.n} ${slot.status} ${slot.role} ${slot.feature}`),
});

/** The board after changes, written again here: the page's own reducer is what is tested. */
function changed(board, changes) {
  const next = structuredClone(board);
  const drop = (id) => {
    for (const name of NAMES)
      next.columns[name] = next.columns[name].filter((card) => card.id !== id);
  };
  for (const id of changes.gone ?? []) drop(id);
  for (const { column, before: neighbour, card } of changes.placed ?? []) {
    drop(card.id);
    const cards = next.columns[column];
    const at = cards.findIndex((one) => one.id === neighbour);
    cards.splice(at < 0 ? cards.length : at, 0, card);
  }
  if (changes.slots) next.slots = changes.slots;
  return { ...next, position: changes.position };
}

/** Listens on a socket of its own, in a page that is signed in. */
async function capture(page) {
  let board = null;
  await page.exposeFunction("heard", (text) => {
    const sent = JSON.parse(text);
    if (sent.type === "board") board = sent.board;
    else if (sent.type === "board_changes") board = changed(board, sent.changes);
    else return;
    captured.set(board.position, told(board));
  });
  await page.evaluate(() => {
    const url = `${location.origin.replace("http", "ws")}/api/v1/live?project=tidebook&boards=true`;
    const socket = new WebSocket(url, "supercargo.v1");
    globalThis.capturing = socket;
    socket.onmessage = (message) => globalThis.heard(message.data);
    return new Promise((resolve) => {
      socket.onopen = resolve;
    });
  });
}

before(async () => {
  world = await server();
  await tidebook(world, { pace: 60, start: false });
  site = await pages(world);
  chrome = await browser();
  const listener = await signedIn(chrome, site, world);
  here = await signedIn(chrome, site, world);
  await capture(listener.page);
  await world.api("POST", "/projects/tidebook/start", {});
  await until(
    "much of the run is over",
    async () => (await world.api("GET", "/projects/tidebook")).closed >= 15,
  );
  await world.api("POST", "/projects/tidebook/stop", {});
  await listener.page.evaluate(() => globalThis.capturing.close());
  await listener.close();
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

const positionOf = (page) => Number(new URL(page.url()).searchParams.get("at"));

/** The columns as the page shows them. */
const drawn = (page) =>
  page.$$eval(".col", (columns) =>
    columns.map((column) => ({
      count: Number(column.querySelector("header .ct").textContent),
      ids: [...column.querySelectorAll(".card")].map((card) => card.dataset.id),
    })),
  );

function same(columns, wanted) {
  for (const [at, name] of NAMES.entries()) {
    const ids = wanted[name].map((one) => one.split(" ")[0]);
    assert.equal(columns[at].count, ids.length, name);
    // Of what is done the newest are drawn.
    if (name === "done")
      for (const id of columns[at].ids) assert.ok(ids.includes(id), `${id} done`);
    else assert.deepEqual(columns[at].ids, ids, name);
  }
}

/** Twenty positions over the whole of what was captured. */
function stops() {
  const all = [...captured.keys()].sort((a, b) => a - b);
  assert.ok(all.length >= STOPS * 2, `${all.length} boards were captured`);
  return Array.from({ length: STOPS }, (_, at) => all[Math.floor((at * (all.length - 2)) / STOPS)]);
}

/** Drags the handle to about where a position stands, and steps on until it is exactly there. */
async function put(page, position) {
  const { at } = await world.api("GET", `/events/${position}`);
  const { from, to } = await world.api("GET", "/timeline?project=tidebook&from=2&buckets=1");
  const x = (Date.parse(at) - Date.parse(from.at)) / (Date.parse(to.at) - Date.parse(from.at));
  const box = await (await page.$(".line")).boundingBox();
  const y = box.y + box.height - 20;
  const { x: handle, width } = await (await page.$(".line .ph")).boundingBox();
  await page.mouse.move(handle + width / 2, y);
  await page.mouse.down();
  for (const share of [0.3, 0.7, 1])
    await page.mouse.move(handle + (box.x + x * box.width - handle) * share, y);
  await page.mouse.up();
  await page.waitForFunction(() => new URL(location.href).searchParams.has("at"));
  await page.waitForTimeout(150);
  await page.focus(".line .ph");
  for (let step = 0; step < 300 && positionOf(page) !== position; step += 1) {
    const before = positionOf(page);
    await page.keyboard.press(before < position ? "ArrowRight" : "ArrowLeft");
    await page.waitForFunction(
      (was) => Number(new URL(location.href).searchParams.get("at")) !== was,
      before,
    );
  }
  assert.equal(positionOf(page), position);
}

describe("the slider", () => {
  it("shows at twenty positions what was captured live", async () => {
    const { page, faults } = here;
    await page.goto(`${site.url}${P}/board`);
    await settled(page);
    for (const position of stops()) {
      const wanted = captured.get(position);
      const then = await world.api("GET", `/projects/tidebook/board?at=${position}`);
      assert.deepEqual(told(then), wanted, `the server, at ${position}`);
      await put(page, position);
      await page.waitForFunction(
        (text) => document.querySelector(".pastbar")?.textContent.includes(text),
        `position ${position.toLocaleString("en").replaceAll(",", "\u202f")}`,
      );
      await until("the board of then is drawn", async () => {
        const counts = (await drawn(page)).map((one) => one.count);
        return NAMES.every((name, at) => counts[at] === wanted.columns[name].length);
      });
      same(await drawn(page), wanted.columns);
    }
    assert.deepEqual(faults.splice(0), []);
  });

  it("shows the slots of then, and no control that acts", async () => {
    const { page } = here;
    const busy = [...captured].find(([, one]) =>
      one.slots.some((slot) => slot.includes("running")),
    );
    assert.ok(busy, "a slot was at work once");
    const [position, wanted] = busy;
    await page.goto(`${site.url}${P}/fleet?at=${position}`);
    await settled(page);
    assert.equal(await page.locator(".slots .slot").count(), wanted.slots.length);
    for (const slot of wanted.slots) {
      const [n, , , feature] = slot.split(" ");
      const card = page.locator(".slots .slot").nth(Number(n) - 1);
      if (feature !== "undefined" && feature !== "null")
        assert.ok((await card.innerHTML()).includes(feature), `${slot} is told`);
    }
    assert.equal(await page.locator("main input[type=range]").count(), 0);
  });

  it("opens a shared link with a time at the same board", async () => {
    const { page } = here;
    const position = stops()[11];
    const { at } = await world.api("GET", `/events/${position}`);
    const last = await world.api("GET", `/position?at=${encodeURIComponent(at)}`);
    await page.goto(`${site.url}${P}/board?at=${encodeURIComponent(at)}`);
    await page.waitForFunction(
      (wanted) => new URL(location.href).searchParams.get("at") === wanted,
      String(last.position),
    );
    assert.ok(last.position >= position);
  });

  it("looks closer with the wheel, and shows the whole run after a double click", async () => {
    const { page } = here;
    await page.goto(`${site.url}${P}/board`);
    await settled(page);
    const box = await (await page.$(".line")).boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 20);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -400);
    await page.keyboard.up("Control");
    await page.waitForSelector(".dock >> text=Whole run");
    await page.click(".dock >> text=Whole run");
    await page.waitForSelector(".dock >> text=Whole run", { state: "detached" });
  });
});
