// Answers that nobody wants, and values that are wrong: every form, every refusal, and a server that goes away while
// somebody is at work. The words are clear, and nothing is lost that a person typed.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { formsOf, ODD, REFUSED, WRONG } from "./forms.mjs";
import { browser, pages, scripted, server, settled, signedIn, until } from "./world.mjs";

const P = "/p/harbour";
let world;
let site;
let chrome;
let session;
const of = {};

const WAITING = Array.from({ length: 6 }, (_, at) => ({
  title: `Waits ${at}`,
  script: ["submit"],
}));

/** A project that asks, holds a change for somebody, has one that was claimed by hand, and waits. */
async function harbour() {
  const ids = await scripted(
    world,
    "harbour",
    [
      { title: "Asks", script: ["ask Whose midnight?"] },
      {
        title: "Held",
        script: ["write .github/workflows/x.yml on: push", "commit Build it", "submit"],
      },
      { title: "Hangs", script: ["hang"] },
      { title: "Hangs too", script: ["hang"] },
    ],
    2,
  );
  await world.api("POST", "/projects/harbour/start", {});
  const board = () => world.api("GET", "/projects/harbour/board");
  await until("it asks and holds, and every slot has something to do", async () => {
    const { columns } = await board();
    return columns.needs_you.length === 2 && columns.in_progress.length === 2;
  });
  const items = WAITING.map(({ title }) => ({ content: { title, category: "x" } }));
  const later = await world.api("POST", "/projects/harbour/backlog", { items });
  [of.asks] = ids;
  [of.waits, of.claimed] = later.ids;
  await world.api("POST", `/projects/harbour/features/${of.claimed}/claim`, {});
  await world.api("POST", "/projects/harbour/stop", {});
  of.held = (await world.api("GET", "/projects/harbour/queue")).held[0].entry;
}

before(async () => {
  world = await server();
  await harbour();
  site = await pages(world);
  chrome = await browser();
  session = await signedIn(chrome, site, world);
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

const told = (page, words) =>
  page.waitForFunction(
    ([source]) =>
      [...document.querySelectorAll("[role=alert]")].some((one) =>
        new RegExp(source, "i").test(one.textContent),
      ),
    [words.source],
  );

/** What an answer without any words of its own is told with; none is a connection that is cut. */
const PROBLEMS = [
  [0, /cannot be reached/],
  [401, /Sign in again/],
  [409, /not possible/],
  [412, /changed it meanwhile/],
  [422, /does not take these values/],
  [429, /too much was asked/],
  [503, /at the moment/],
];

/** Every write is answered so, without a word, as something between might; or not at all. */
async function refusing(page, status) {
  await page.unrouteAll();
  await page.route(/\/api\/v1\/(?!session)/, (route) => {
    if (route.request().method() === "GET") return route.continue();
    if (status === 0) return route.abort("connectionrefused");
    return route.fulfill({ status, contentType: "text/html", body: "<h1>no</h1>" });
  });
}

async function signInAgain(page) {
  const { path } = await world.api("POST", "/session/link");
  await page.fill("dialog input", `${site.url}${path}`);
  await page.click("dialog button:has-text('Sign in')");
  await page.waitForSelector("dialog", { state: "detached" });
}

describe("answers that nobody wants, in every form", () => {
  for (const name of Object.keys(formsOf(of)))
    it(`${name}: clear words, and what was typed is kept`, async () => {
      const { page } = session;
      const { path, open, field, text, send } = formsOf(of)[name];
      await page.goto(site.url + path);
      await settled(page);
      await open?.(page);
      await field(page).fill(text);
      for (const [status, words] of PROBLEMS) {
        await refusing(page, status);
        await send(page).click();
        if (status === 401) {
          await page.waitForSelector("dialog");
          await signInAgain(page);
        }
        await told(page, words);
        assert.equal(await field(page).inputValue(), text, `after ${status}`);
      }
      await page.unrouteAll();
      session.faults.length = 0;
    });

  it("what was typed is still there when the page is loaded again, but for secrets", async () => {
    const { page } = session;
    const kept = ["a new feature", "a comment", "an answer", "a spec", "a backlog", "a fleet"];
    for (const name of kept) {
      const { path, field, text } = formsOf(of)[name];
      await page.goto(site.url + path);
      await settled(page);
      assert.equal(await field(page).inputValue(), text, name);
    }
    await page.goto(`${site.url}${P}/settings/repository`);
    await settled(page);
    assert.equal(await formsOf(of)["a credential"].field(page).inputValue(), "");
    const stored = await page.evaluate(() => JSON.stringify(localStorage));
    assert.ok(!stored.includes("a-token-of-a-forge"), "a secret is kept nowhere");
  });

  it("a feature is added once, although the first answer was lost", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/board?add=1`);
    await page.waitForSelector(".sheet input");
    await page.fill(".sheet input >> nth=0", "Added once");
    await page.route("**/features", async (route) => {
      await route.fetch();
      await route.abort("connectionreset");
    });
    await page.click(".sheet button[type=submit]");
    await told(page, /cannot be reached/);
    await page.unrouteAll();
    await page.click(".sheet button[type=submit]");
    await page.waitForSelector(".sheet", { state: "detached" });
    const { columns } = await world.api("GET", "/projects/harbour/board");
    assert.equal(columns.backlog.filter((one) => one.title === "Added once").length, 1);
  });
});

describe("values that are wrong", () => {
  for (const [path, label, value, words] of WRONG)
    it(`${label} of ${path}: ${value}`, async () => {
      const { page } = session;
      await page.goto(site.url + path);
      await settled(page);
      await page.getByLabel(label, { exact: true }).fill(value);
      await told(page, words);
      const unable = page.locator("main form button[type=submit][aria-disabled=true]");
      assert.ok((await unable.count()) > 0, "it cannot be sent");
    });

  for (const [section, label, value] of REFUSED)
    it(`${label}: what the server says is shown, and ${value.slice(0, 12)} stays`, async () => {
      const { page } = session;
      await page.goto(`${site.url}${P}/settings/${section}`);
      await settled(page);
      const field = page.getByLabel(label, { exact: true });
      await field.fill(value);
      await page.locator("main form button[type=submit]").first().click();
      await told(page, /\w+ \w+/);
      assert.equal(await field.inputValue(), value);
    });

  for (const path of ODD)
    it(`${path} breaks nothing`, async () => {
      const { page, faults } = session;
      await page.goto(site.url + path);
      await settled(page);
      const text = await page.textContent("body");
      assert.ok(text.trim().length > 80, `only this is shown: ${text}`);
      assert.deepEqual(faults.splice(0), []);
    });
});

describe("settings that somebody else saves meanwhile", () => {
  const verify = (page) => page.getByLabel("Verify", { exact: true });

  it("leave what is typed alone, and are told; whoever typed decides", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/settings/verification`);
    await settled(page);
    await verify(page).fill("mine");
    await world.api("PUT", "/projects/harbour/target", { count: 3 });
    await page.waitForTimeout(600);
    assert.equal(await verify(page).inputValue(), "mine", "another change of the project");
    await world.api("PATCH", "/projects/harbour", { verify: "theirs" });
    await page.waitForSelector("text=Changed meanwhile");
    assert.equal(await verify(page).inputValue(), "mine");
    await page.click("button:has-text('Keep mine')");
    await page.locator("main form button[type=submit]").first().click();
    await until("mine is saved", async () => {
      const { settings } = await world.api("GET", "/projects/harbour");
      return settings.verify === "mine";
    });
    await page.waitForSelector("text=Saved. It takes effect");
    assert.equal(await page.locator("text=Changed meanwhile").count(), 0);
  });

  it("come into fields that nobody has touched", async () => {
    const { page } = session;
    await world.api("PATCH", "/projects/harbour", { verify: "theirs again" });
    await until("theirs is shown", async () => {
      return (await verify(page).inputValue()) === "theirs again";
    });
  });
});

describe("reads that are refused", () => {
  it("say so, and say what to do", async () => {
    const { page } = session;
    for (const [status, words] of PROBLEMS.slice(2)) {
      await page.route("**/api/v1/projects/harbour/queue*", (route) =>
        route.fulfill({ status, contentType: "application/json", body: "{}" }),
      );
      await page.goto(`${site.url}${P}/queue`);
      await page.waitForFunction(
        (text) => new RegExp(text, "i").test(document.querySelector("main")?.textContent ?? ""),
        words.source,
        { timeout: 20_000 },
      );
      await page.unrouteAll();
    }
    session.faults.length = 0;
  });
});

/** In so many words; pages that are served by something else hear of it from that. */
const GONE = "[role=alert]:text-matches('cannot be reached|does not reach it|failed at it')";

describe("a server that goes away", () => {
  const title = ".drawer input >> nth=0";

  it("in the middle of a drag: the card is back in its place, with the reason", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/board?q=waits`);
    await page.goto(`${site.url}${P}/board`);
    await page.waitForSelector(".col.backlog .card");
    const ids = () =>
      page.$$eval(".col.backlog .card", (cards) => cards.slice(0, 5).map((one) => one.dataset.id));
    const before = await ids();
    await page.focus(`[data-id="${before[2]}"]`);
    await page.keyboard.press(" ");
    await page.keyboard.press("ArrowUp");
    await world.stop();
    await page.keyboard.press(" ");
    await page.waitForSelector(GONE, { timeout: 20_000 });
    assert.deepEqual(await ids(), before);
    await world.start();
    await page.waitForSelector("text=/Not connected since/", {
      state: "detached",
      timeout: 40_000,
    });
    assert.deepEqual(await ids(), before);
  });

  it("in the middle of a drag by pointer: the same", async () => {
    const { page } = session;
    await page.waitForSelector(".col.backlog .card");
    const ids = () =>
      page.$$eval(".col.backlog .card", (cards) => cards.slice(0, 5).map((one) => one.dataset.id));
    const before = await ids();
    const from = await page.locator(".col.backlog .card").nth(2).boundingBox();
    const to = await page.locator(".col.backlog .card").nth(0).boundingBox();
    await page.mouse.move(from.x + 40, from.y + 12);
    await page.mouse.down();
    await page.mouse.move(to.x + 40, to.y + 30, { steps: 6 });
    await world.stop();
    await page.mouse.move(to.x + 40, to.y + 8, { steps: 4 });
    await page.mouse.up();
    await page.waitForSelector(GONE, { timeout: 20_000 });
    assert.deepEqual(await ids(), before);
    await world.start();
    await page.waitForSelector("text=/Not connected since/", {
      state: "detached",
      timeout: 40_000,
    });
    assert.deepEqual(await ids(), before);
  });

  it("while the slots are set: the handle is back in its place, with the reason", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/fleet`);
    await page.waitForSelector("input[type=range]");
    const was = await page.inputValue("input[type=range]");
    await page.focus("input[type=range]");
    await world.stop();
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector(GONE, { timeout: 20_000 });
    assert.equal(await page.inputValue("input[type=range]"), was);
    await world.start();
    await page.waitForSelector("text=/Not connected since/", {
      state: "detached",
      timeout: 40_000,
    });
  });

  it("in the middle of a save: what was typed stays, and is saved when it is back", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/board?feature=${of.waits}&tab=request`);
    await page.click(".drawer button:has-text('Edit')");
    await page.fill(title, "Typed while it was away");
    await world.stop();
    await page.click(".drawer button:has-text('Save')");
    await page.waitForSelector(`.drawer ${GONE}`, {
      timeout: 20_000,
    });
    assert.equal(await page.inputValue(title), "Typed while it was away");
    await world.start();
    await page.waitForSelector("text=/Not connected since/", {
      state: "detached",
      timeout: 40_000,
    });
    assert.equal(await page.inputValue(title), "Typed while it was away");
    await page.click(".drawer button:has-text('Save')");
    await until("it is saved", async () => {
      const { content } = await world.api("GET", `/projects/harbour/features/${of.waits}`);
      return content.title === "Typed while it was away";
    });
  });
});
