// Five hundred hostile texts through every field and every place that shows them: nothing fires, nothing is an element that
// should be text. Each of these takes `of`: a session, the server, the pages, and a project.
import assert from "node:assert/strict";
import { CORPUS } from "./corpus.mjs";
import { gone, scripted, settled, until } from "./world.mjs";

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

/** What markup would have left in the page, had any of it been obeyed. */
const MARKUP = [
  "script:not([src^='/assets/'])",
  "iframe, object, embed, base, meta[http-equiv], video, audio, marquee, math, form[action]",
  "link:not([rel=icon]):not([rel=modulepreload]):not([href^='/assets/'])",
  "#app img",
  "a[href^='javascript' i], a[href^='data' i], a[href^='vbscript' i], a[href^='blob' i]",
].join(", ");

/** Whether anything fires in a page is written down from here on. */
export async function watched({ page, faults }) {
  await page.addInitScript(() => {
    globalThis.fired = () => {
      globalThis.hasFired = true;
    };
  });
  page.on("dialog", (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.reload();
  await settled(page);
}

/** Nothing fired, nothing is an element that should be text, and the console is silent. */
async function calm({ page, faults }, what) {
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
  assert.deepEqual(faults.splice(0), [], what);
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
  ];
}

/** Adds a feature for each, and answers their ids in the order of the corpus. */
export async function filled({ world, project }) {
  const evil = [];
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
    const written = await world.api("POST", `/projects/${project}/backlog`, { items });
    evil.push(...written.ids);
  }
  assert.equal(evil.length, 500);
  await Promise.all(
    evil.slice(0, 60).map((id, n) =>
      world.api("POST", `/projects/${project}/features/${id}/comments`, {
        text: block(CORPUS[n]),
      }),
    ),
  );
  return evil;
}

/** On the board, in the list, the graph, the log and the palette. */
export async function onScreens(of) {
  const { session, project } = of;
  const { page } = session;
  const p = `/p/${project}`;
  for (const path of [
    `${p}/board`,
    `${p}/board?view=list`,
    `${p}/board?view=graph`,
    `${p}/log`,
    "/log",
  ]) {
    await gone(page, path);
    for (let screen = 0; screen < 12; screen += 1) {
      await page.evaluate(() => {
        for (const box of document.querySelectorAll(".long, .scroll, .events, main *"))
          if (box.scrollHeight > box.clientHeight + 40 && box.clientHeight > 100)
            box.scrollTop += box.clientHeight;
      });
      await page.waitForTimeout(60);
    }
    await calm(session, path);
  }
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[role=combobox]");
  for (const words of ["script", "onerror", "javascript"]) {
    await page.fill("[role=combobox]", words);
    await page.waitForTimeout(50);
    await calm(session, `palette: ${words}`);
  }
  await page.keyboard.press("Escape");
}

/** In the page: opens one drawer after the other, and looks at each once it is there. */
async function walkDrawers({ ids, tab, markup, within }) {
  const isThere = (id) => {
    const drawer = document.querySelector(".drawer");
    const isOf = drawer?.textContent.includes(id);
    return isOf && (tab !== "request" || drawer.querySelector(".prose") !== null);
  };
  for (const id of ids) {
    history.pushState(history.state, "", `?feature=${id}&tab=${tab}`);
    dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
    const end = performance.now() + within;
    while (!isThere(id)) {
      if (performance.now() > end) throw new Error(`the drawer of ${id} does not come`);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    globalThis.hasFired ||= document.querySelector(markup) !== null;
  }
}

/** In the drawer of each feature: its story, and what it asks for. */
export async function inDrawers(of, evil) {
  const { session, site, project } = of;
  const { page } = session;
  const p = `/p/${project}`;
  // Beside the screen that draws least, and through the router, so that they take no longer than they have to.
  for (const [tab, ids] of [
    ["request", evil],
    // Those that have a comment.
    ["story", evil.slice(0, 60)],
  ]) {
    await page.goto(`${site.url}${p}/settings/delete?feature=${evil[0]}&tab=${tab}`);
    await settled(page);
    await page.evaluate(walkDrawers, { ids: ids.slice(1), tab, markup: MARKUP, within: 15_000 });
    await calm(session, tab);
  }
  const turned = evil[CORPUS.findIndex((one) => one.includes("\u202e"))];
  await page.goto(`${site.url}${p}/board?feature=${turned}&tab=request`);
  await page.waitForSelector(".drawer .prose");
  const shown = await page.textContent(".drawer .prose");
  assert.ok(shown.includes("U+202E"), "what turns text round is named");
}

/** When an agent says, writes and asks them. */
export async function fromAgents(of) {
  const { session, world } = of;
  const { page } = session;
  const [id] = await scripted(world, "evil", [{ title: "Says everything", script: agent() }]);
  await world.api("POST", "/projects/evil/start", {});
  await until("it asks", async () =>
    (await world.api("GET", "/projects/evil/board")).columns.needs_you.some((one) => one.id === id),
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
    await gone(page, path);
    for (let screen = 0; screen < 8; screen += 1) {
      await page.evaluate(() => {
        for (const box of document.querySelectorAll(".term, .scroll, .body"))
          box.scrollTop = (box.scrollHeight * Math.random()) | 0;
      });
      await page.waitForTimeout(40);
    }
    await calm(session, path);
  }
  await world.api("POST", "/projects/evil/stop", {});
}

/** In every field that can be typed into. */
export async function inFields(of, evil) {
  const { session, project } = of;
  const { page } = session;
  const p = `/p/${project}`;
  const chunks = Array.from({ length: 10 }, (_, at) =>
    CORPUS.slice(at * 50, at * 50 + 50).join(" "),
  );
  const fields = new Set();
  for (const path of [
    `${p}/board?view=graph`,
    `${p}/board?view=graph&add=1`,
    `${p}/settings/delete?feature=${evil[0]}&tab=request`,
    "/new",
    `${p}/settings/models`,
    `${p}/settings/verification`,
    `${p}/settings/limits`,
    `${p}/settings/egress`,
    `${p}/settings/repository`,
    `${p}/settings/readers`,
    `${p}/log`,
    "/p/evil/output?slot=1",
    "/needs-you",
  ]) {
    await gone(page, path);
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
    await calm(session, path);
  }
  assert.ok(fields.size >= 25, `${fields.size} fields were found`);
}
