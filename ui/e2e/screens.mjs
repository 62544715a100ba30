// Every screen: its address in a project that has something of everything, and how one is looked at. Its picture is taken,
// axe finds nothing, the console is silent, and nothing is wider than the page.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { violations } from "./world.mjs";

export const SHOTS = join(import.meta.dirname, "shots");

/**
 * The screens of a project: `of` has its name, that of one that did not begin, a feature that is done, one that asks,
 * and an instant at which some were done and some at work.
 */
export function screensOf({ project, bare, done, asked, past }) {
  const p = `/p/${project}`;
  return [
    ["projects", "/"],
    ["needs-you", "/needs-you"],
    ["needs-you-question", `/needs-you?item=${project}/question/${asked}`],
    ["new", "/new"],
    ["new-spec", `/new?resume=${bare}&step=spec`],
    ["new-backlog", `/new?resume=${bare}&step=backlog`],
    ["new-fleet", `/new?resume=${bare}&step=fleet`],
    ["board", `${p}/board`],
    ["board-empty", `/p/${bare}/board`],
    ["board-list", `${p}/board?view=list`],
    ["board-graph", `${p}/board?view=graph`],
    ["board-add", `${p}/board?add=1`],
    ["feature-story", `${p}/board?feature=${done}`],
    ["feature-request", `${p}/board?feature=${done}&tab=request`],
    ["feature-diff", `${p}/board?feature=${done}&tab=diff`],
    ["feature-evidence", `${p}/board?feature=${done}&tab=evidence`],
    ["feature-sessions", `${p}/board?feature=${done}&tab=sessions`],
    ["fleet", `${p}/fleet`],
    ["queue", `${p}/queue`],
    ["output", `${p}/output?slot=1`],
    ["log", `${p}/log`],
    ["log-all", "/log"],
    ["log-past", `${p}/log?at=${past}`],
    ["projects-past", `/?at=${past}`],
    ["needs-you-past", `/needs-you?at=${past}`],
    ["board-past", `${p}/board?at=${past}`],
    ["board-list-past", `${p}/board?view=list&at=${past}`],
    ["board-graph-past", `${p}/board?view=graph&at=${past}`],
    ["feature-past", `${p}/board?feature=${done}&at=${past}`],
    ["fleet-past", `${p}/fleet?at=${past}`],
    ["queue-past", `${p}/queue?at=${past}`],
    ["output-past", `${p}/output?slot=1&at=${past}`],
    ["report-past", `${p}/report?range=7d&at=${past}`],
    ["insights-past", `${p}/insights?at=${past}`],
    ["settings-past", `${p}/settings/models?at=${past}`],
    ["milestone", `${p}/milestones/10`],
    ["report", `${p}/report?range=7d`],
    ["insights", `${p}/insights`],
    ["settings-models", `${p}/settings/models`],
    ["settings-verification", `${p}/settings/verification`],
    ["settings-limits", `${p}/settings/limits`],
    ["settings-egress", `${p}/settings/egress`],
    ["settings-repository", `${p}/settings/repository`],
    ["settings-readers", `${p}/settings/readers`],
    ["settings-delete", `${p}/settings/delete`],
    ["audit", "/audit"],
    ["doctor", "/doctor"],
  ];
}

/** What is seen now is in order; its picture is taken where it is given a name. */
export async function looked({ page, faults }, name = null) {
  if (name !== null) {
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }
  assert.deepEqual(await violations(page), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `the page is ${wide} pixels wider than what is seen`);
  assert.deepEqual(faults.splice(0), []);
}
