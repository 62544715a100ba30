// A real server on a folder of its own, with an empty upstream and projects made over its API, and the pages beside it:
// what the tests look at.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { backlog } from "./tidebook.mjs";

const BINARY = process.env.SUPERCARGO_BIN ?? "supercargo";
const READY_WITHIN = 60_000;
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const running = new Set();
// A suite that takes too long is ended by its runner, and no hook runs then: its servers are to end with it.
for (const signal of ["SIGTERM", "SIGINT"])
  process.once(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exit(1);
  });

/** Starts the binary on a folder and a port; answers with the code of its ready line. */
async function started(folder, port) {
  const args = [
    "serve",
    "--data",
    join(folder, "data"),
    "--listen",
    `127.0.0.1:${port}`,
    "--engine",
    "process",
  ];
  const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.on("exit", () => running.delete(child));
  const code = await new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(
      () => reject(new Error(`no ready line within ${READY_WITHIN} ms: ${said}`)),
      READY_WITHIN,
    );
    const hear = (bytes) => {
      said += bytes;
      const found = /\/#token=(\S+)/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      resolve(found[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  return { child, code, token: readFileSync(join(folder, "data", "token"), "utf8").trim() };
}

async function stopped(child) {
  const gone = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** Stops every project and waits until no slot is busy. */
async function quiet(api) {
  const projects = await api("GET", "/projects");
  for (const { name, status } of projects)
    if (status === "running" || status === "draining")
      await api("POST", `/projects/${name}/stop`, {});
  const isBusy = async ({ name }) =>
    (await api("GET", `/projects/${name}/board`)).slots.some((slot) => slot.session);
  await until(
    "no slot is busy",
    async () => !(await Promise.all(projects.map(isBusy))).some(Boolean),
    15_000,
  );
}

/** A server that can be stopped and started again on its data. */
export async function server() {
  const folder = mkdtempSync(join(tmpdir(), "supercargo-ui-"));
  // The containers of a server that is root are processes of other users, who have to pass.
  chmodSync(folder, 0o711);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let { child, code, token } = await started(folder, port);

  return {
    url,
    folder,
    token: () => token,
    /** The code of the latest ready line. */
    code: () => code,
    async stop() {
      await stopped(child);
      child = null;
    },
    async start() {
      ({ child, code, token } = await started(folder, port));
    },
    /** Containers outlive a server, so what still works is stopped first. */
    async end() {
      if (child) {
        await quiet(this.api).catch(() => {});
        await stopped(child);
      }
      rmSync(folder, { recursive: true, force: true });
    },
    async api(method, path, body) {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
  };
}

export function upstream(folder, name) {
  const path = join(folder, `${name}.git`);
  execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]);
  return path;
}

/** Waits until something holds, looking again and again; a test may poll, the page may not. */
export async function until(what, holds, within = 120_000) {
  const end = Date.now() + within;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

const CONTAINER = { memory_mib: 256, work_mib: 128, cpu_milli: 2000, pids: 1024 };

/** A project of scripted agents that has an upstream; `more` is what else of its settings is set. */
async function prepared(world, name, more) {
  await world.api("POST", "/projects", {
    name,
    git_url: upstream(world.folder, name),
    kind: "existing",
  });
  await until("cloned", async () =>
    (await world.api("GET", `/projects/${name}`)).repository.startsWith("cloned"),
  );
  await world.api("PATCH", `/projects/${name}`, {
    agent: { dialect: "script" },
    container: CONTAINER,
    ...more,
  });
}

/** A project with a few features, each a title and the lines of its script; not started. */
export async function scripted(world, name, features, slots = features.length) {
  await prepared(world, name, { allow_unverified: true });
  const items = features.map(({ title, script }) => ({
    content: {
      title,
      category: "x",
      description: `\`\`\`supercargo-script\n${script.join("\n")}\n\`\`\``,
    },
  }));
  const { ids } = await world.api("POST", `/projects/${name}/backlog`, { items });
  await world.api("PUT", `/projects/${name}/target`, { count: slots });
  return ids;
}

/** A project with scripted agents and tidebook's backlog, started. */
export async function tidebook(
  world,
  { name = "tidebook", pace = 400, long = pace * 200, slots = 5, start = true } = {},
) {
  await prepared(world, name, {
    protected: ["Dockerfile", ".github/"],
    verify: 'for part in src/*.sh; do [ ! -e "$part" ] || sh "$part" || exit 1; done',
  });
  await world.api("POST", `/projects/${name}/backlog`, backlog(pace, long));
  await world.api("PUT", `/projects/${name}/target`, { count: slots });
  if (start) await world.api("POST", `/projects/${name}/start`, {});
}

/** A project that was only registered. */
export async function almanac(world) {
  await world.api("POST", "/projects", {
    name: "almanac",
    git_url: upstream(world.folder, "almanac"),
    kind: "new",
  });
}

/** The built pages, with /api handed on to the server; the server's own address where it serves them itself. */
export async function pages(world) {
  if (process.env.SUPERCARGO_PAGES === "embedded") return { url: world.url, end: async () => {} };
  process.env.SUPERCARGO_URL = world.url;
  const port = await freePort();
  const serving = await preview({
    root: join(import.meta.dirname, ".."),
    logLevel: "error",
    preview: { port, host: "127.0.0.1", strictPort: true },
  });
  return {
    url: `http://127.0.0.1:${port}`,
    end: () => new Promise((resolve) => serving.httpServer.close(() => resolve())),
  };
}

export const browser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** A browser of its own with one page; `faults` collects whatever a console should not say. */
export async function newPage(of, options = {}) {
  const context = await of.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(15_000);
  const faults = [];
  const watch = (page) => {
    /** What it has asked the server for and not been answered yet. */
    page.asked = new Set();
    page.on("request", (one) => page.asked.add(one));
    for (const end of ["requestfinished", "requestfailed"])
      page.on(end, (one) => page.asked.delete(one));
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("console", (said) => {
      const text = said.text();
      if (said.type() === "error" && !/Failed to load resource|WebSocket connection/.test(text))
        faults.push(text);
      if (/Content Security Policy/.test(text)) faults.push(text);
    });
  };
  context.on("page", watch);
  return { page: await context.newPage(), faults, close: () => context.close() };
}

/** One that is signed in. */
export async function signedIn(of, site, world, options = {}) {
  const session = await newPage(of, options);
  const { path } = await world.api("POST", "/session/link");
  await session.page.goto(`${site.url}${path}`);
  await session.page.waitForSelector("main#main h1");
  return session;
}

const REST = 60;
const RESTS_WITHIN = 5_000;

/** Something is still being read, or moves to where it will stand, or is about to. */
const isBusy = () => {
  const moves = document.getAnimations().some((one) => {
    const { iterations } = one.effect.getTiming();
    return one.playState === "running" && iterations !== Number.POSITIVE_INFINITY;
  });
  const awaited = "[aria-busy=true], [data-starting-style], [data-ending-style]";
  return moves || document.querySelector(awaited) !== null;
};

/** A screen is there: its heading, its faces, nothing that is still asked for, and what moved has come to rest. */
export async function settled(page) {
  await page.waitForSelector("h1", { state: "attached" });
  await page.evaluate(() => document.fonts.ready.then(() => true));
  const end = Date.now() + RESTS_WITHIN;
  // Twice in a row: an answer may be the reason for the next question.
  for (let calm = 0; calm < 2 && Date.now() < end; ) {
    await page.waitForTimeout(REST);
    calm = page.asked.size === 0 && !(await page.evaluate(isBusy)) ? calm + 1 : 0;
  }
}

/** Goes to an address inside the page, as a link of it would: nothing is loaded anew. */
export async function gone(page, path) {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate", { state: null }));
  }, path);
  await settled(page);
}

const AXE = readFileSync(join(import.meta.dirname, "../node_modules/axe-core/axe.min.js"), "utf8");

/** What axe finds wrong on a page, each as one line. */
export async function violations(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
      resultTypes: ["violations"],
    });
    return violations;
  });
  return found.map(
    (one) =>
      `${one.id}: ${one.nodes
        .slice(0, 3)
        .map(
          (node) =>
            `${node.target.join(" ")} (${node.failureSummary?.split("\n").slice(1, 2).join("").trim()})`,
        )
        .join("; ")}`,
  );
}
