// The whole story, from the ready line of a server that has nothing to a project that is complete: by keyboard alone, two
// browsers in step, the server started again on the way, and nobody loads a page anew. What the run leaves behind is then
// looked at: its past at twenty positions.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { focused, palette, press, tabTo, type } from "./keyboard.mjs";
import { FEATURES, SPEC, VERIFY } from "./lantern.mjs";
import { capture, walked } from "./past.mjs";
import { looked, SHOTS, screensOf } from "./screens.mjs";
import {
  almanac,
  browser,
  gone,
  newPage,
  pages,
  server,
  settled,
  signedIn,
  until,
  upstream,
  violations,
} from "./world.mjs";

let world;
let site;
let chrome;
/** Who does it all, and who looks on from another browser. */
let here;
let there;
let listening;

before(async () => {
  world = await server();
  site = await pages(world);
  chrome = await browser();
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

/** A step of the story: none is told after one that failed. */
let failed = null;
const step = (name, run) =>
  it(name, async () => {
    assert.equal(failed, null, "a step before failed");
    failed = name;
    try {
      await run();
    } catch (thrown) {
      await here?.page.screenshot({ path: join(SHOTS, "failed.png") });
      throw thrown;
    }
    failed = null;
  });

const board = () => world.api("GET", "/projects/lantern/board");
const needs = async (status) =>
  (await board()).columns.needs_you.find((card) => card.status === status);
const settledNeed = (status) => until(`nothing is ${status}`, async () => !(await needs(status)));
const COLUMNS = ["backlog", "in_progress", "review", "merging", "done", "needs_you"];

/** Both browsers show the columns that the server has. */
function inStep() {
  const counts = ({ page }) =>
    page.$$eval(".col > header .ct", (found) => found.map((each) => each.textContent));
  return until("both browsers and the server are in step", async () => {
    const [a, b, { columns }] = await Promise.all([counts(here), counts(there), board()]);
    const wanted = JSON.stringify(COLUMNS.map((name) => String(columns[name].length)));
    return JSON.stringify(a) === wanted && JSON.stringify(b) === wanted;
  });
}

describe("the first run", () => {
  step(
    "begins with the link of the ready line, which leaves the address and is good once",
    async () => {
      const link = `${site.url}/sign-in#code=${world.code()}`;
      here = await newPage(chrome, { permissions: ["clipboard-read", "clipboard-write"] });
      await here.page.goto(link);
      await here.page.waitForSelector("text=No project yet");
      assert.ok(!here.page.url().includes("code"), here.page.url());
      assert.deepEqual(await violations(here.page), []);

      const late = await newPage(chrome);
      await late.page.goto(link);
      await late.page.waitForSelector("h1:text-is('Sign in')");
      await late.close();
    },
  );

  step("registers a repository, and says what is wrong with an address", async () => {
    const { page } = here;
    await palette(page, "new project");
    await page.waitForURL("**/new");
    await page.waitForSelector(".wizard-step input");
    await type(page, "Address", "a place somewhere");
    await page.waitForSelector("[role=alert]:text('no address of a repository')");
    await type(page, "Address", upstream(world.folder, "lantern"));
    await page.waitForSelector("[role=alert]", { state: "detached" });
    await page.keyboard.press("Enter");
    await page.waitForURL("**/new?*resume=lantern*");
    await page.waitForSelector("text=/^Cloned/");
  });

  step("takes the spec, which a closed tab does not lose", async () => {
    await here.page.waitForSelector("textarea");
    assert.equal(await focused(here.page), "Spec");
    await here.page.keyboard.insertText(SPEC.slice(0, 400));
    const address = here.page.url();
    const next = await here.page.context().newPage();
    await here.page.close();
    here = { ...here, page: next };
    await next.goto(address);
    await next.waitForSelector("textarea");
    assert.equal(await next.inputValue("textarea"), SPEC.slice(0, 400));
    await type(next, "Spec", SPEC);
    await press(next, "Write it, and on");
    await next.waitForURL("**step=backlog*");
  });

  step("has it split into features, and starts a fleet of scripted agents", async () => {
    const { page } = here;
    await press(page, "Split the spec");
    await page.waitForSelector("text=/initializer reads the spec/");
    listening = await capture((await signedIn(chrome, site, world)).page, "lantern");
    await press(page, "On to the fleet");
    await page.waitForURL("**step=fleet*");
    await tabTo(page, "Coder speaks through");
    await page.keyboard.type("Scr");
    await type(page, "Each merge is verified", VERIFY);
    await tabTo(page, "slots wanted");
    for (const _ of [1, 2]) await page.keyboard.press("ArrowRight");
    await press(page, "Start the fleet");
    await page.waitForURL("**/p/lantern/board");
    await page.waitForSelector("text=/At work since/");
  });

  step("lets another browser in with a link from this one", async () => {
    const { page } = here;
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await press(page, "Copy a sign-in link");
    await page.waitForSelector("text=Copied. It signs in once.");
    const link = await page.evaluate(() => navigator.clipboard.readText());
    there = await newPage(chrome);
    await there.page.goto(link);
    await there.page.waitForSelector("h1:text-is('Projects')");
    for (const each of [here, there]) {
      await palette(each.page, "lantern: board");
      await each.page.waitForURL("**/p/lantern/board");
      await each.page.evaluate(() => {
        globalThis.notReloaded = true;
      });
    }
  });
});

describe("while the fleet works", () => {
  step("has features from the spec, and both browsers agree with the server", async () => {
    await until("the spec is split", async () => (await board()).project.total === FEATURES);
    await until("something is done", async () => (await board()).project.closed >= 1);
    await inStep();
  });

  step("goes on when the server was away, and both browsers see it", async () => {
    await world.stop();
    for (const { page } of [here, there]) {
      await page.waitForSelector("text=/Not connected since/");
      await page.waitForFunction(() => document.title.startsWith("!"));
    }
    await world.start();
    for (const { page } of [here, there])
      await page.waitForSelector("text=/Not connected since/", { state: "detached" });
    await until("more is done than before", async () => (await board()).project.closed >= 3);
    await inStep();
  });

  step("comes to where it needs somebody", async () => {
    const wanted = ["asked", "held", "quarantined"];
    await until("a question, a held change, one set aside", async () => {
      const found = (await board()).columns.needs_you.map((card) => card.status);
      return wanted.every((status) => found.includes(status));
    });
    await until("the rest but the one that hangs is done", async () => {
      const { columns, project } = await board();
      return project.closed === FEATURES - 4 && columns.in_progress.length === 1;
    });
    await inStep();
    await here.page.waitForFunction(() => document.title.startsWith("(3)"));
  });
});

describe("every screen, in light and in dark", () => {
  let session;
  const of = { project: "lantern", bare: "almanac" };
  before(async () => {
    await almanac(world);
    session = await signedIn(chrome, site, world, { colorScheme: "light" });
    const { columns } = await board();
    of.done = columns.done[0].id;
    of.asked = columns.needs_you.find((card) => card.status === "asked").id;
    of.past = Math.floor((await world.api("GET", "/stats")).head / 2);
  });
  after(() => session?.close());

  for (const [at, name] of screensOf({})
    .map(([name]) => name)
    .entries())
    it(name, async () => {
      assert.equal(failed, null, "a step before failed");
      const { page } = session;
      await page.emulateMedia({ colorScheme: "light" });
      await gone(page, screensOf(of)[at][1]);
      await looked(session);
      await page.emulateMedia({ colorScheme: "dark" });
      await page.waitForSelector("html[data-theme=dark]", { state: "attached" });
      await settled(page);
      await looked(session);
    });
});

/** Goes through what waits with J until it is this kind. */
async function waiting(page, kind) {
  await page.waitForSelector(".inbox-item");
  const current = () => page.textContent(".inbox-item[aria-current] .chip");
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  for (let step = 0; step < 4 && (await current()) !== kind; step += 1) {
    await page.keyboard.press("j");
    await page.waitForTimeout(50);
  }
  assert.equal(await current(), kind);
}

describe("what a person settles", () => {
  before(async () => {
    await here.page.keyboard.press("g");
    await here.page.keyboard.press("n");
    await here.page.waitForURL("**/needs-you");
  });

  step("answers the question", async () => {
    const { page } = here;
    await waiting(page, "Question");
    await type(page, "Your answer", "UTC, as in the tables.");
    await page.keyboard.press("Control+Enter");
    await settledNeed("asked");
  });

  step("approves the held change", async () => {
    await waiting(here.page, "Held change");
    await here.page.waitForSelector("button:has-text('Approve')");
    await here.page.keyboard.press("e");
    await settledNeed("held");
  });

  step("has what was set aside tried again", async () => {
    await waiting(here.page, "Set aside");
    await press(here.page, "Try again");
    await settledNeed("quarantined");
  });

  step("ends the session of the one that hangs", async () => {
    const { page } = here;
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    await page.waitForURL("**/p/lantern/board");
    const [hangs] = (await board()).columns.in_progress.filter((one) => /watch/.test(one.title));
    await palette(page, hangs.id);
    await page.waitForSelector(".drawer");
    await press(page, "End its session");
    await page.waitForSelector(".sheet");
    await press(page, /^End its session$/);
    await page.waitForSelector(".sheet", { state: "detached" });
    await page.keyboard.press("Escape");
    await page.waitForSelector(".drawer", { state: "detached" });
  });
});

describe("at 100 %", () => {
  step(
    "says so in both browsers, in figures, title and icon, and nobody has loaded a page",
    async () => {
      await until("it is complete", async () => (await board()).project.status === "completed");
      for (const { page, faults } of [here, there]) {
        await page.waitForSelector(`.certificate h1:text('All ${FEATURES} features are done.')`);
        await page.waitForSelector("link[rel=icon][href='/favicon-done.svg']", {
          state: "attached",
        });
        assert.equal(await page.evaluate(() => globalThis.notReloaded), true);
        assert.deepEqual(faults.splice(0), []);
      }
      assert.deepEqual(await violations(here.page), []);
    },
  );

  step("is celebrated once", async () => {
    const { page } = here;
    await page.keyboard.press("Escape");
    await page.waitForSelector(".certificate", { state: "detached" });
    await page.reload();
    await page.waitForSelector("text=/Completed at/");
    await page.waitForTimeout(500);
    assert.equal(await page.locator(".certificate").count(), 0);
  });
});

describe("its past", () => {
  step("shows at twenty positions what was captured live", async () => {
    await listening.end();
    const { page, faults } = here;
    await walked({ page, world, project: "lantern" }, site, listening.captured);
    assert.deepEqual(faults.splice(0), []);
  });
});
