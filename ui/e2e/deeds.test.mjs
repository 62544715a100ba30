// What can be done is done: each control that acts, pressed once where it is offered, against the real server. None is
// there only to be refused.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { browser, pages, scripted, server, settled, signedIn, until } from "./world.mjs";

const P = "/p/quay";
let world;
let site;
let chrome;
let session;
let ids;

const merged = (n) => ({
  title: `Merged ${n}`,
  script: [`write made/${n}.txt ${n}`, `commit Make ${n}`, "submit"],
});
const FEATURES = [
  ...[0, 1, 2].map(merged),
  { title: "Asks", script: ["ask Which way?"] },
  { title: "Fails", script: ["exit 1"] },
  { title: "Hangs", script: ["hang"] },
];

const statusOf = async (id) => {
  const { columns } = await world.api("GET", "/projects/quay/board");
  return Object.values(columns)
    .flat()
    .find((card) => card.id === id)?.status;
};

before(async () => {
  world = await server();
  ids = await scripted(world, "quay", FEATURES, 3);
  await world.api("POST", "/projects/quay/start", {});
  const wanted = ["closed", "closed", "closed", "asked", "quarantined", "claimed"];
  await until("each stands where it should", async () => {
    const found = await Promise.all(ids.map(statusOf));
    return JSON.stringify(found) === JSON.stringify(wanted);
  });
  const items = Array.from({ length: 8 }, (_, n) => ({
    content: { title: `Waits ${n}`, category: "x", labels: ["later"] },
  }));
  await world.api("PUT", "/projects/quay/target", { count: 1 });
  const later = await world.api("POST", "/projects/quay/backlog", { items });
  ids.push(...later.ids);
  site = await pages(world);
  chrome = await browser();
  session = await signedIn(chrome, site, world);
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

const button = (page, name) => page.getByRole("button", { name }).last();

/** Nothing was refused, and nothing is still being done. */
async function taken(page) {
  await settled(page);
  assert.deepEqual(await page.locator("[role=alert]").allTextContents(), []);
  assert.deepEqual(session.faults.splice(0), []);
}

/** Presses a button; where it asks, writes a reason, and says yes. */
async function pressed(page, name, text = "Because of the tide.") {
  await button(page, name).click();
  if (!String(name).includes("…")) return taken(page);
  const sheet = page.locator(".sheet");
  await sheet.waitFor();
  if (await sheet.locator("textarea").count()) await sheet.locator("textarea").fill(text);
  const yes = sheet.locator("button[type=submit], .btn.first, .btn.danger").first();
  await yes.click();
  await taken(page);
  await sheet.waitFor({ state: "detached" });
}

/** The deed of a feature: which one, the button, and what the server says of it afterwards. */
const DEEDS = [
  ["moves to the front", 6, /^Move to the front/, "open"],
  ["is claimed by hand", 6, /^Claim it yourself…/, "claimed"],
  ["is given back", 6, /^End this claim…/, "open"],
  ["is closed", 7, /^Close…/, "closed"],
  ["is opened again", 7, /^Reopen…/, "open"],
  ["is withdrawn", 8, /^Withdraw…/, undefined],
  ["is answered", 3, /^Answer…/, "open"],
  ["is tried again", 4, /^Try again/, "open"],
  ["what was merged is opened again", 0, /^Reopen…/, "open"],
  ["what was merged is undone", 1, /^Undo…/, null],
  ["the session of a slot is ended", 5, /^End its session…/, null],
];

describe("a feature", () => {
  for (const [name, at, label, status] of DEEDS)
    it(name, async () => {
      const { page } = session;
      await page.goto(`${site.url}${P}/board?feature=${ids[at]}`);
      await settled(page);
      await pressed(page, label);
      if (status === null) return;
      await until(`it is ${status}`, async () => (await statusOf(ids[at])) === status, 10_000);
    });

  it("is commented, changed, and waits for another", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/board?feature=${ids[9]}&tab=request`);
    await settled(page);
    await page.getByLabel("Comment", { exact: true }).fill("Seen from the quay.");
    await pressed(page, "Say it");
    await page.getByLabel("Another feature that it waits for").fill(ids[10]);
    await pressed(page, "Add");
    await pressed(page, `Do not wait for ${ids[10]}`);
    await pressed(page, "Edit");
    await page.getByLabel("Title").fill("Changed by hand");
    await pressed(page, "Save");
    const { content } = await world.api("GET", `/projects/quay/features/${ids[9]}`);
    assert.equal(content.title, "Changed by hand");
  });

  it("is commented at its lines, by pointer and by keyboard", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/board?feature=${ids[0]}&tab=diff`);
    await page.click(".diff button.ln");
    await page.locator(".say textarea").fill("Why nought?");
    await pressed(page, "Say it");
    await page.waitForSelector(".diff > .said:has-text('operator') >> text=Why nought?");

    // The number of its line has the focus again, and Enter begins the next one.
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "1");
    await page.keyboard.press("Enter");
    await page.keyboard.insertText("And one?");
    await page.keyboard.press("Escape");
    await page.reload();
    assert.equal(await page.locator(".say textarea").inputValue(), "And one?");
    await page.locator(".say textarea").focus();
    await page.keyboard.press("Control+Enter");
    await page.waitForSelector(".say textarea", { state: "detached" });
    await page.waitForSelector(".diff > .said:has-text('Why nought?') >> text=And one?");

    const { notes } = await world.api("GET", `/projects/quay/features/${ids[0]}`);
    assert.deepEqual(
      notes.map((note) => /made\/0\.txt:1: .*$/.exec(note)?.[0]),
      ["made/0.txt:1: Why nought?", "made/0.txt:1: And one?"],
    );
  });

  it("and many at once", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/board?q=Waits`);
    await settled(page);
    await page.focus(`[data-id="${ids[11]}"]`);
    await page.keyboard.press("x");
    await page.focus(`[data-id="${ids[12]}"]`);
    await page.keyboard.press("x");
    await page.waitForSelector("text=2 features selected");
    await page.getByLabel("Priority of the selected").selectOption("1");
    await taken(page);
    const { content } = await world.api("GET", `/projects/quay/features/${ids[12]}`);
    assert.equal(content.priority, 1);
  });
});

/** What is typed into a section of the settings and saved. */
const SETTINGS = [
  ["models", "Model of the coder", "of-the-script"],
  ["verification", "Verify", "true"],
  ["verification", "Set up", "true"],
  ["verification", "Merges at a time", "2"],
  ["verification", "Wait for me when these change", "Dockerfile\n.github/"],
  ["limits", "Longest session", "3 h"],
  ["limits", "Memory of a slot, MiB", "300"],
  ["limits", "Slots at most", "8"],
  ["egress", "Hosts that are let through", "registry.example.org:443 GET /v2/"],
];

describe("settings", () => {
  for (const [section, label, value] of SETTINGS)
    it(`${section}: ${label}`, async () => {
      const { page } = session;
      await page.goto(`${site.url}${P}/settings/${section}`);
      await settled(page);
      await page.getByLabel(label, { exact: true }).fill(value);
      await pressed(page, "Save");
      await page.reload();
      await settled(page);
      assert.equal(await page.getByLabel(label, { exact: true }).inputValue(), value);
    });

  it("repository: a credential, a spec, upstream, the hook, our files", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/settings/repository`);
    await settled(page);
    await page.getByLabel("A new spec").fill("# A quay\n\nShips moor at it.");
    for (const name of [
      "Write it",
      "Look now",
      "Show path and secret",
      "Bring AGENTS.md up to date",
    ])
      await pressed(page, name);
  });

  it("readers: one is kept, and ended", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/settings/readers`);
    await settled(page);
    await page.getByLabel("Name of a new reader").fill("lighthouse");
    await pressed(page, "Keep its place");
    await page.waitForSelector("b:text('lighthouse')");
    await pressed(page, "End…");
    await page.waitForSelector("b:text('lighthouse')", { state: "detached" });
  });
});

describe("the fleet", () => {
  const isNow = (wanted) =>
    until(`the project is ${wanted}`, async () => {
      const { status } = await world.api("GET", "/projects/quay");
      return wanted.test(status) && status;
    });
  before(async () => {
    await session.page.goto(`${site.url}${P}/fleet`);
    await settled(session.page);
  });

  it("a slot is taken out of service, and put back", async () => {
    const { page } = session;
    const slot = page.locator(".slot").first();
    const isOut = async () => {
      const [one] = (await world.api("GET", "/projects/quay/board")).slots;
      return one.status === "idle" && one.note !== null && one.note !== undefined;
    };
    await slot.getByRole("button", { name: "Stop" }).click();
    await page.click(".sheet .btn.danger");
    await taken(page);
    await until("it is out of service", isOut);
    await slot.locator("summary", { hasText: "Why" }).click();
    await slot.locator(".why li", { hasText: "was taken out of service" }).waitFor();
    await slot.getByRole("button", { name: /Back in service/ }).click();
    const asked = page.locator(".sheet .btn.danger, .sheet .btn.first");
    if (await asked.count()) await asked.first().click();
    await until("it is in service", async () => !(await isOut()));
  });

  it("drains, stops and starts", async () => {
    const { page } = session;
    await pressed(page, "Drain");
    // Without a session there is nothing to wait for.
    if ((await isNow(/draining|stopped/)) === "draining") {
      await page.click(".acts .btn.danger");
      await page.click(".sheet .btn.danger");
    }
    await isNow(/stopped/);
    await pressed(page, /^Start$/);
    await isNow(/running/);
  });
});
