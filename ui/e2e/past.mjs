// The past against what was captured live: a socket of its own hears a project's boards as they come; afterwards the slider
// is put at twenty of those positions, and what is shown there is what was heard.
import assert from "node:assert/strict";
import { settled, until } from "./world.mjs";

const NAMES = ["backlog", "in_progress", "review", "merging", "done", "needs_you"];
const STOPS = 20;

/** What of a board is compared. */
export const told = (board) => ({
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

/**
 * Position to what the board said there, heard on a socket of its own in a page that is signed in; it is opened again when
 * the server has been away.
 */
export async function capture(page, project) {
  const captured = new Map();
  let board = null;
  await page.exposeFunction("heard", (text) => {
    const sent = JSON.parse(text);
    if (sent.type === "board") board = sent.board;
    else if (sent.type === "board_changes" && board) board = changed(board, sent.changes);
    else return;
    captured.set(board.position, told(board));
  });
  await page.evaluate((name) => {
    const url = `${location.origin.replace("http", "ws")}/api/v1/live?project=${name}&boards=true`;
    const open = () => {
      const socket = new WebSocket(url, "supercargo.v1");
      globalThis.capturing = socket;
      socket.onmessage = (message) => globalThis.heard(message.data);
      socket.onclose = () => globalThis.capturing && setTimeout(open, 500);
      return new Promise((resolve) => {
        socket.onopen = resolve;
      });
    };
    return open();
  }, project);
  return {
    captured,
    end: () =>
      page.evaluate(() => {
        const socket = globalThis.capturing;
        globalThis.capturing = null;
        socket.close();
      }),
  };
}

/** Twenty positions over the whole of what was captured, each of an event of the project: the handle steps from one to the next. */
export async function stops({ world, project }, captured) {
  const isOfProject = new RegExp(`^[a-z]+-${project}(/|$)`);
  const all = [];
  for (const position of [...captured.keys()].sort((a, b) => a - b)) {
    const { stream } = await world.api("GET", `/events/${position}`);
    if (isOfProject.test(stream)) all.push(position);
  }
  assert.ok(all.length >= STOPS * 2, `${all.length} boards were captured`);
  return Array.from({ length: STOPS }, (_, at) => all[Math.floor((at * (all.length - 2)) / STOPS)]);
}

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

/** Drags the handle to about where a position stands, and steps on until it is exactly there. */
async function put({ page, world, project }, position) {
  const { at } = await world.api("GET", `/events/${position}`);
  const begin = await world.api("GET", `/events?stream=project-${project}&limit=1`);
  const { from, to } = await world.api(
    "GET",
    `/timeline?project=${project}&from=${begin.events[0].position}&buckets=1`,
  );
  const x = (Date.parse(at) - Date.parse(from.at)) / (Date.parse(to.at) - Date.parse(from.at));
  // Before the run was read the handle stays where it is.
  await page.waitForSelector(".line:not([aria-busy])");
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
  const dragged = positionOf(page);
  await page.focus(".line .ph");
  for (let step = 0; step < 300 && positionOf(page) !== position; step += 1) {
    const before = positionOf(page);
    await page.keyboard.press(before < position ? "ArrowRight" : "ArrowLeft");
    await page.waitForFunction(
      (was) => Number(new URL(location.href).searchParams.get("at")) !== was,
      before,
    );
  }
  const stepped = positionOf(page);
  assert.equal(stepped, position, `dragged to ${dragged}, stepped to ${stepped}, not ${position}`);
}

/** The slider at twenty positions: the server's board of then, and what is drawn, are what was captured. */
export async function walked(of, site, captured) {
  const { page, world, project } = of;
  await page.goto(`${site.url}/p/${project}/board`);
  await settled(page);
  for (const position of await stops(of, captured)) {
    const wanted = captured.get(position);
    const then = await world.api("GET", `/projects/${project}/board?at=${position}`);
    assert.deepEqual(told(then), wanted, `the server, at ${position}`);
    await put(of, position);
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
}
