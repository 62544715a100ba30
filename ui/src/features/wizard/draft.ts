// A project to be: what was typed, kept in this browser until the project is there. Pure rules and one kept value.
import type { NewProject } from "@/features/api/shapes";
import { kept } from "@/ui/store";

export type Draft = { kind: "new" | "existing"; url: string; name: string; spec: string };
export const EMPTY: Draft = { kind: "new", url: "", name: "", spec: "" };

/** Secrets are never in it. */
export const draft = kept<Draft>("draft", EMPTY);

/** A name for the last part of an address: `almanac` of `ssh://git@host/harbour/almanac.git`. */
export function nameOf(url: string): string {
  const last = url.trim().replace(/\/+$/, "").split(/[/:]/).at(-1) ?? "";
  return last
    .replace(/\.git$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
}

/** What is wrong with an address, in words; nothing when it can be tried. */
export function wrongUrl(url: string): string | null {
  const trimmed = url.trim();
  if (trimmed === "") return null;
  if (/^https?:\/\/[^/]*:[^/@]*@/.test(trimmed))
    return "A password never goes into the address: put it below.";
  if (/^(https?|ssh|git):\/\/[^\s/]+\/\S+$/.test(trimmed)) return null;
  if (/^[\w.-]+@[\w.-]+:\S+$/.test(trimmed)) return null;
  if (/^(\/|file:\/\/)\S+$/.test(trimmed)) return null;
  return "This is no address of a repository: https://, ssh://, user@host:path, or a path on the server.";
}

/** What is wrong with a name; names are for ever. */
export function wrongName(name: string, taken: readonly string[]): string | null {
  if (name === "") return null;
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) return "A name has a-z, 0-9 and hyphens.";
  if (taken.includes(name)) return "There is a project of this name.";
  return null;
}

type Secret = { token: string; key: string };

export function projectOf({ kind, url, name, spec }: Draft, { token, key }: Secret): NewProject {
  const credential = key.trim()
    ? { kind: "ssh_key" as const, key }
    : token.trim()
      ? { kind: "token" as const, token: token.trim(), user: "x-access-token" }
      : null;
  return {
    name,
    git_url: url.trim(),
    kind,
    ...(spec.trim() && { spec }),
    ...(credential && { credential }),
  };
}
