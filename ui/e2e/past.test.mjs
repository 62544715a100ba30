// The past is what was: while a fleet works, boards are taken from the socket as they come; afterwards the slider is put
// at twenty of those positions, and what is shown there is what was captured.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { capture, stops, walked } from "./past.mjs";
import { browser, pages, server, settled, signedIn, tidebook, until } from "./world.mjs";

const P = "/p/tidebook";
let world;
let site;
let chrome;
let here;
let captured;

before(async () => {
  world = await server();
  await tidebook(world, { pace: 60, start: false });
  site = await pages(world);
  chrome = await browser();
  const listener = await signedIn(chrome, site, world);
  here = await signedIn(chrome, site, world);
  const listening = await capture(listener.page, "tidebook");
  ({ captured } = listening);
  await world.api("POST", "/projects/tidebook/start", {});
  await until(
    "much of the run is over",
    async () => (await world.api("GET", "/projects/tidebook")).closed >= 15,
  );
  await world.api("POST", "/projects/tidebook/stop", {});
  await listening.end();
  await listener.close();
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

describe("the slider", () => {
  it("shows at twenty positions what was captured live", async () => {
    const { page, faults } = here;
    await walked({ page, world, project: "tidebook" }, site, captured);
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

  it("is what is dragged when the text of the page is selected", async () => {
    const { page } = here;
    await page.goto(`${site.url}${P}/board`);
    await settled(page);
    const box = await (await page.$(".line:not([aria-busy])")).boundingBox();
    const y = box.y + box.height - 20;
    await page.keyboard.press("Control+a");
    await page.mouse.move(box.x + box.width, y);
    await page.mouse.down();
    for (const share of [0.8, 0.6, 0.5]) await page.mouse.move(box.x + box.width * share, y);
    await page.mouse.up();
    await page.waitForFunction(() => Number(new URL(location.href).searchParams.get("at")) > 1);
    const handle = await (await page.$(".line .ph")).boundingBox();
    assert.ok(Math.abs((handle.x - box.x) / box.width - 0.5) < 0.1, `${handle.x} of ${box.width}`);
  });

  it("opens a shared link with a time at the same board", async () => {
    const { page } = here;
    const position = (await stops({ world, project: "tidebook" }, captured))[11];
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
