// A real server on a folder of its own, with an empty upstream and projects made over its API: what the tests look at.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backlog } from "./tidebook.mjs";

const BINARY = process.env.SUPERCARGO_BIN ?? "supercargo";
const READY_WITHIN = 60_000;

/** Starts a server; it ends with `end()`. */
export async function server(folder = mkdtempSync(join(tmpdir(), "supercargo-ui-"))) {
  const child = spawn(
    BINARY,
    ["serve", "--data", join(folder, "data"), "--listen", "127.0.0.1:0", "--engine", "process"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ready = await new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(
      () => reject(new Error(`no ready line within ${READY_WITHIN} ms: ${said}`)),
      READY_WITHIN,
    );
    const hear = (bytes) => {
      said += bytes;
      const found = /(http:\/\/[\d.:]+)\/?[^\s]*#token=(\S+)/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      resolve({ url: found[1], token: found[2] });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));

  return {
    ...ready,
    folder,
    async end() {
      child.kill("SIGTERM");
      await gone;
    },
    async api(method, path, body) {
      const answer = await fetch(`${ready.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${ready.token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
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

async function cloned(world, p) {
  for (;;) {
    const { repository } = await world.api("GET", `/projects/${p}`);
    if (repository.startsWith("cloned")) return;
    if (repository.startsWith("failed")) throw new Error(repository);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A project with scripted agents and tidebook's backlog, started. */
export async function tidebook(world, { name = "tidebook", pace = 400, slots = 5 } = {}) {
  const git_url = upstream(world.folder, name);
  await world.api("POST", "/projects", { name, git_url, kind: "existing" });
  await cloned(world, name);
  await world.api("PATCH", `/projects/${name}`, {
    agent: { dialect: "script" },
    protected: ["Dockerfile", ".github/"],
    verify: 'for part in src/*.sh; do [ ! -e "$part" ] || sh "$part" || exit 1; done',
    container: { memory_mib: 256, work_mib: 128, cpu_milli: 2000, pids: 1024 },
  });
  await world.api("POST", `/projects/${name}/backlog`, backlog(pace));
  await world.api("PUT", `/projects/${name}/target`, { count: slots });
  await world.api("POST", `/projects/${name}/start`, {});
}

/** A project that was only registered. */
export async function almanac(world) {
  await world.api("POST", "/projects", {
    name: "almanac",
    git_url: upstream(world.folder, "almanac"),
    kind: "new",
  });
}

export function forget(world) {
  rmSync(world.folder, { recursive: true, force: true });
}
