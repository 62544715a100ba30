// Settings as they are typed and as they are sent: only what was changed, in the units of the API. Pure.
import type {
  AgentSpec,
  Dialect,
  EgressRule,
  ProjectChange,
  Settings,
} from "@/features/api/shapes";

export const DIALECTS: readonly (readonly [Dialect, string])[] = [
  ["unset", "Not chosen"],
  ["claude", "Claude Code"],
  ["codex", "Codex"],
  ["opencode", "OpenCode"],
  ["gemini", "Gemini CLI"],
  ["command", "A command of yours"],
  ["script", "Scripted, for trying out"],
];

export type Agent = { dialect: Dialect; model: string; command: string };

export const agentOf = (spec: AgentSpec | null | undefined): Agent => ({
  dialect: spec?.dialect ?? "unset",
  model: spec?.model ?? "",
  command: spec?.command ?? "",
});

export function specOf({ dialect, model, command }: Agent): AgentSpec {
  return { dialect, model: model.trim() || null, command: dialect === "command" ? command : null };
}

/** Words for a duration: "2 h", "90 min", "30 s", "1 h 30 min". Milliseconds, or none when it is no duration. */
export function msOf(text: string): number | null {
  const units: Record<string, number> = {
    ms: 1,
    s: 1000,
    min: 60_000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  };
  const trimmed = text.trim().toLowerCase();
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d)\b/g)];
  if (
    parts.length === 0 ||
    parts
      .map((one) => one[0])
      .join("")
      .replace(/\s/g, "") !== trimmed.replace(/\s/g, "")
  )
    return null;
  return Math.round(
    parts.reduce((sum, one) => sum + Number(one[1]) * (units[one[2] ?? ""] ?? 0), 0),
  );
}

/** The shortest words that come back as the same number. */
export function wordsOf(ms: number | undefined): string {
  if (ms === undefined) return "";
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
    ["ms", 1],
  ] as const;
  let rest = ms;
  const parts: string[] = [];
  for (const [name, size] of units) {
    const n = Math.floor(rest / size);
    if (n > 0) parts.push(`${n} ${name}`);
    rest -= n * size;
  }
  return parts.join(" ") || "0 s";
}

export const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** A rule on one line: `host:port`, with methods and a beginning of the path behind it where it has some. */
export function ruleText(rule: EgressRule): string {
  const more = [
    rule.methods?.join(",") ?? "",
    rule.path_prefix ?? "",
    rule.private ? "private" : "",
  ]
    .filter(Boolean)
    .join(" ");
  return `${rule.host}:${rule.port ?? 443}${more ? ` ${more}` : ""}`;
}

/** Reads such a line; none when it is no rule. */
export function ruleOf(text: string): EgressRule | null {
  const [place = "", ...more] = text.trim().split(/\s+/);
  const match = /^(\*\.)?([a-z0-9][a-z0-9.-]*)(?::(\d{1,5}))?$/.exec(place.toLowerCase());
  if (!match) return null;
  const port = Number(match[3] ?? 443);
  if (port < 1 || port > 65_535) return null;
  // A word that means nothing here would be lost without a word.
  if (!more.every((one) => /^[A-Z,]+$/.test(one) || one.startsWith("/") || one === "private"))
    return null;
  const methods = more.find((one) => /^[A-Z,]+$/.test(one))?.split(",") ?? [];
  const path_prefix = more.find((one) => one.startsWith("/")) ?? null;
  return {
    host: `${match[1] ?? ""}${match[2]}`,
    port,
    methods,
    path_prefix,
    private: more.includes("private"),
  };
}

/** What differs between two states of a form's part of the settings. */
export function changed(before: Partial<Settings>, after: ProjectChange): ProjectChange {
  const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  const found = Object.entries(after).filter(
    ([name, value]) => !same(before[name as keyof Settings], value),
  );
  return Object.fromEntries(found) as ProjectChange;
}
