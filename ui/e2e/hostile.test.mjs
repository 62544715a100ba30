// What comes in that should not be obeyed, and answers that nobody wants: five hundred hostile texts through every field
// and every place that shows them, and a server that refuses or goes away while somebody is at work.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CORPUS } from "./corpus.mjs";
import { browser, pages, server, settled, signedIn, tidebook, until, upstream } from "./world.mjs";

const P = "/p/tidebook";
const BATCH = 100;
const isControl = (sign) => /[\p{Cc}\u2028\u2029]/u.test(sign);
const turns = (sign) => /[\u202a-\u202e\u2066-\u2069]/u.test(sign);
/** The server takes nothing in a line that steers what stands around it, and only so many signs. */
const line = (text, most = 190) =>
  [...text]
    .filter((sign) => !isControl(sign) && !turns(sign))
    .slice(0, most)
    .join("") || "empty";
const block = (text) =>
  [...text].filter((sign) => !isControl(sign) || sign === "\n" || sign === "\t").join("");

let world;
let site;
let chrome;
let session;
/** Ids of the features that carry the corpus, in its order. */
const evil = [];

/** What markup would have left in the page, had any of it been obeyed. */
const MARKUP = [
  "script:not([src^='/assets/'])",
  "iframe, object, embed, base, meta[http-equiv], video, audio, marquee, math, form[action]",
  "link:not([rel=icon]):not([rel=modulepreload]):not([href^='/assets/'])",
  "#app img",
  "a[href^='javascript' i], a[href^='data' i], a[href^='vbscript' i], a[href^='blob' i]",
].join(", ");

async function watched(page) {
  await page.addInitScript(() => {
    globalThis.fired = () => {
      globalThis.hasFired = true;
    };
  });
  page.on("dialog", (dialog) => {
    session.faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

/** Nothing fired, nothing is an element that should be text, and the console is silent. */
async function calm(page, what) {
  const found = await page.evaluate((markup) => {
    const handled = [...document.querySelectorAll("#app *")].filter((one) =>
      one.getAttributeNames().some((name) => name.startsWith("on") || name === "srcdoc"),
    );
    const odd = [...document.querySelectorAll(markup), ...handled];
    return {
      fired: globalThis.hasFired ?? false,
      odd: odd.map((one) => one.outerHTML.slice(0, 200)),
    };
  }, MARKUP);
  assert.deepEqual(found, { fired: false, odd: [] }, what);
  assert.deepEqual(session.faults.splice(0), [], what);
}

/** An agent that says, writes, asks and hands in hostile texts. */
function agent() {
  const said = CORPUS.filter((text) => !/[\n\r]/.test(text)).slice(0, 300);
  return [
    ...said.map((text) => `say ${text}`),
    ...CORPUS.slice(0, 20).map((text, n) => `write src/evil-${n}.txt ${line(text)}`),
    "write src/<img_src=x_onerror=fired()>.txt x",
    `commit ${line(CORPUS[3])}`,
    `@1 ask ${line(CORPUS[90], 400)}`,
    "submit",
  ].join("\n");
}

before(async () => {
  world = await server();
  await tidebook(world, { pace: 100, start: false });
  site = await pages(world);
  chrome = await browser();
  session = await signedIn(chrome, site, world);
  await watched(session.page);
});

after(async () => {
  await chrome?.close();
  await site?.end();
  await world?.end();
});

describe("five hundred hostile texts", () => {
  it("are taken as titles, descriptions, steps, labels and comments", async () => {
    assert.equal(new Set(CORPUS).size, 500);
    for (let at = 0; at < CORPUS.length; at += BATCH) {
      const items = CORPUS.slice(at, at + BATCH).map((text, n) => ({
        key: `e${at + n}`,
        content: {
          title: line(text),
          description: block(`${text}\n\n${text}`),
          steps: [line(text)],
          category: line(text, 30),
          labels: [line(text, 30)],
        },
      }));
      const written = await world.api("POST", "/projects/tidebook/backlog", { items });
      evil.push(...written.ids);
    }
    assert.equal(evil.length, 500);
    await Promise.all(
      evil.slice(0, 60).map((id, n) =>
        world.api("POST", `/projects/tidebook/features/${id}/comments`, {
          text: block(CORPUS[n]),
        }),
      ),
    );
  });

  it("stay text on the board, in the list, the graph, the log and the palette", async () => {
    const { page } = session;
    for (const path of [
      `${P}/board`,
      `${P}/board?view=list`,
      `${P}/board?view=graph`,
      `${P}/log`,
      "/log",
    ]) {
      await page.goto(site.url + path);
      await settled(page);
      for (let screen = 0; screen < 12; screen += 1) {
        await page.evaluate(() => {
          for (const box of document.querySelectorAll(".long, .scroll, .events, main *"))
            if (box.scrollHeight > box.clientHeight + 40 && box.clientHeight > 100)
              box.scrollTop += box.clientHeight;
        });
        await page.waitForTimeout(60);
      }
      await calm(page, path);
    }
    await page.keyboard.press("Control+k");
    await page.waitForSelector("[role=combobox]");
    for (const words of ["script", "onerror", "javascript"]) {
      await page.fill("[role=combobox]", words);
      await page.waitForTimeout(50);
      await calm(page, `palette: ${words}`);
    }
    await page.keyboard.press("Escape");
  });

  it("stay text in the drawer of each feature: its story, and what it asks for", async () => {
    const { page } = session;
    // Beside the screen that draws least, and through the router, so that they take no longer than they have to.
    for (const [tab, ids] of [
      ["request", evil],
      // Those that have a comment.
      ["story", evil.slice(0, 60)],
    ]) {
      await page.goto(`${site.url}${P}/settings/delete?feature=${evil[0]}&tab=${tab}`);
      await settled(page);
      for (const id of ids.slice(1)) {
        await page.evaluate((search) => {
          history.pushState(history.state, "", search);
          dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
        }, `?feature=${id}&tab=${tab}`);
        await page.waitForFunction(
          (wanted) => {
            const drawer = document.querySelector(".drawer");
            const isThere = drawer?.textContent.includes(wanted.id);
            return isThere && (wanted.tab !== "request" || drawer.querySelector(".prose"));
          },
          { id, tab },
          { polling: "raf" },
        );
      }
      await calm(page, tab);
    }
    const turned = evil[CORPUS.findIndex((one) => one.includes("\u202e"))];
    await page.goto(`${site.url}${P}/board?feature=${turned}&tab=request`);
    await page.waitForSelector(".drawer .prose");
    const shown = await page.textContent(".drawer .prose");
    assert.ok(shown.includes("U+202E"), "what turns text round is named");
  });

  it("stay text when an agent says, writes and asks them", async () => {
    const { page } = session;
    await world.api("POST", "/projects", {
      name: "evil",
      git_url: upstream(world.folder, "evil"),
      kind: "existing",
    });
    await until("cloned", async () =>
      (await world.api("GET", "/projects/evil")).repository.startsWith("cloned"),
    );
    await world.api("PATCH", "/projects/evil", {
      agent: { dialect: "script" },
      allow_unverified: true,
      container: { memory_mib: 256, work_mib: 128, cpu_milli: 2000, pids: 1024 },
    });
    const fence = "```";
    const written = await world.api("POST", "/projects/evil/features", {
      content: {
        title: "Says everything",
        description: `${fence}supercargo-script\n${agent()}\n${fence}`,
        category: "x",
        steps: [],
        labels: [],
      },
    });
    await world.api("PUT", "/projects/evil/target", { count: 1 });
    await world.api("POST", "/projects/evil/start", {});
    const [id] = written.ids;
    await until("it asks", async () =>
      (await world.api("GET", "/projects/evil/board")).columns.needs_you.some(
        (one) => one.id === id,
      ),
    );
    for (const path of [
      "/p/evil/output?slot=1",
      `/p/evil/board?feature=${id}&tab=diff`,
      `/p/evil/board?feature=${id}&tab=evidence`,
      `/p/evil/board?feature=${id}&tab=story`,
      "/needs-you",
      "/p/evil/fleet",
      "/p/evil/log?all=1",
      "/",
    ]) {
      await page.goto(site.url + path);
      await settled(page);
      for (let screen = 0; screen < 8; screen += 1) {
        await page.evaluate(() => {
          for (const box of document.querySelectorAll(".term, .scroll, .body"))
            box.scrollTop = (box.scrollHeight * Math.random()) | 0;
        });
        await page.waitForTimeout(40);
      }
      await calm(page, path);
    }
    await world.api("POST", "/projects/evil/stop", {});
  });

  it("stay text in every field that can be typed into", async () => {
    const { page } = session;
    const chunks = Array.from({ length: 10 }, (_, at) =>
      CORPUS.slice(at * 50, at * 50 + 50).join(" "),
    );
    const fields = new Set();
    for (const path of [
      `${P}/board?view=graph`,
      `${P}/board?view=graph&add=1`,
      `${P}/settings/delete?feature=${evil[0]}&tab=request`,
      "/new",
      `${P}/settings/models`,
      `${P}/settings/verification`,
      `${P}/settings/limits`,
      `${P}/settings/egress`,
      `${P}/settings/repository`,
      `${P}/settings/readers`,
      `${P}/log`,
      "/p/evil/output?slot=1",
      "/needs-you",
    ]) {
      await page.goto(site.url + path);
      await settled(page);
      if (path.includes("tab=request"))
        await page.click(".drawer button:has-text('Edit')").catch(() => {});
      const boxes = page.locator(
        "input:not([type]), input[type=text], input[type=search], input[type=password], textarea",
      );
      for (let at = 0; at < (await boxes.count()); at += 1) {
        const box = boxes.nth(at);
        if (!(await box.isVisible()) || !(await box.isEditable())) continue;
        fields.add(`${path} ${at}`);
        for (const text of chunks) await box.fill(text, { timeout: 2_000 }).catch(() => {});
      }
      await calm(page, path);
    }
    assert.ok(fields.size >= 25, `${fields.size} fields were found`);
  });
});

const PROBLEMS = [
  [401, "no_token", /Sign in again/],
  [409, "not_possible", /not possible/],
  [412, "changed_meanwhile", /changed it meanwhile/],
  [422, "invalid", /does not take these values/],
  [429, "too_many", /too much was asked/i],
  [503, "unavailable", /at the moment/],
];

describe("answers that nobody wants", () => {
  /** Every write is answered so, without a word, as something between might. */
  async function refusing(page, status) {
    await page.route("**/api/v1/projects/**", (route) =>
      route.request().method() === "GET"
        ? route.continue()
        : route.fulfill({ status, contentType: "text/html", body: "<h1>no</h1>" }),
    );
  }

  for (const [status, , words] of PROBLEMS) {
    it(`${status}: clear words, and what was typed is kept`, async () => {
      const { page } = session;
      await page.goto(`${site.url}${P}/board?add=1`);
      await page.waitForSelector(".sheet input");
      await page.fill(".sheet input >> nth=0", `Typed before ${status}`);
      await refusing(page, status);
      await page.keyboard.press("Control+Enter");
      await page.waitForFunction(
        (text) => new RegExp(text, "i").test(document.body.textContent),
        words.source,
      );
      assert.equal(await page.inputValue(".sheet input >> nth=0"), `Typed before ${status}`);
      await page.unrouteAll();

      if (status === 401) {
        const { path } = await world.api("POST", "/session/link");
        await page.fill("dialog input", `${site.url}${path}`);
        await page.click("dialog button:has-text('Sign in')");
        await page.waitForSelector("dialog", { state: "detached" });
        assert.equal(await page.inputValue(".sheet input >> nth=0"), `Typed before ${status}`);
      }
      await page.focus(".sheet input >> nth=0");
      await page.keyboard.press("Control+Enter");
      await until("it is added after all", async () => {
        const { columns } = await world.api("GET", "/projects/tidebook/board");
        return columns.backlog.some((one) => one.title === `Typed before ${status}`);
      });
      session.faults.length = 0;
    });
  }

  it("reads that are refused say so, and say what to do", async () => {
    const { page } = session;
    for (const [status, , words] of PROBLEMS.slice(1)) {
      await page.route("**/api/v1/projects/tidebook/queue*", (route) =>
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
    await page.goto(`${site.url}${P}/board?q=tide`);
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

  it("in the middle of a save: what was typed stays, and is saved when it is back", async () => {
    const { page } = session;
    await page.goto(`${site.url}${P}/board?feature=${evil[499]}&tab=request`);
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
      const { content } = await world.api("GET", `/projects/tidebook/features/${evil[499]}`);
      return content.title === "Typed while it was away";
    });
  });
});
