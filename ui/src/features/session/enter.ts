// Coming in and leaving: the link of the ready line, whose code stands behind `#` and leaves the address at once, is
// exchanged for a cookie, once.
import { client } from "@/features/api/client";
import { type ApiError, asProblem, problemOf } from "@/features/api/problem";
import { forgetTyped } from "@/ui/typed";
import { session } from "./state";

/** The secret of a link or of what was pasted: a whole link, `code=…`, or the token itself. */
export function secretOf(text: string): string | null {
  const trimmed = text.trim();
  const after = trimmed.includes("#") ? trimmed.slice(trimmed.indexOf("#") + 1) : trimmed;
  const named = new URLSearchParams(after);
  const secret = named.get("code") ?? named.get("token") ?? (after.includes("=") ? null : after);
  return secret && /^[\w.~+/-]{8,512}$/.test(secret) ? secret : null;
}

/** Exchanges a secret for a session; answers what was wrong with it. */
export async function enter(code: string): Promise<ApiError | null> {
  try {
    const { data, error, response } = await client.POST("/api/v1/session", { body: { code } });
    if (!data) return problemOf(response.status, error);
    session.set({ phase: "in", name: data.name });
    return null;
  } catch (thrown) {
    return asProblem(thrown);
  }
}

/** At the start of the page. */
export async function begin(): Promise<void> {
  const given = secretOf(location.hash);
  if (given) {
    history.replaceState(history.state, "", location.pathname + location.search);
    if ((await enter(given)) === null) return;
  }
  try {
    const { data, response } = await client.GET("/api/v1/session", {});
    session.set({ phase: response.status === 401 ? "out" : "in", name: data?.name ?? null });
  } catch {
    // Not reached is not the same as turned away: then the feed goes on trying.
    session.set({ phase: "in", name: null });
  }
}

/** Signs this browser out; answers what kept it in. */
export async function leave(): Promise<ApiError | null> {
  try {
    const { error, response } = await client.DELETE("/api/v1/session", {});
    if (!response.ok && response.status !== 401) return problemOf(response.status, error);
    forgetTyped();
    session.set({ phase: "out", name: null });
    return null;
  } catch (thrown) {
    return asProblem(thrown);
  }
}
