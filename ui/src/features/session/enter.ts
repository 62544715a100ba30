// Coming in: by the link of the ready line, whose secret stands behind `#` and leaves the address at once, or by what
// this tab knows already.
import { offers } from "@/features/api/offers";
import { session } from "./state";

const KEY = "supercargo.token";

/** The secret of a link or of what was pasted: a whole link, `token=…`, or the token itself. */
export function secretOf(text: string): string | null {
  const trimmed = text.trim();
  const after = trimmed.includes("#") ? trimmed.slice(trimmed.indexOf("#") + 1) : trimmed;
  const named = new URLSearchParams(after);
  const secret = named.get("token") ?? named.get("code") ?? (after.includes("=") ? null : after);
  return secret && /^[\w.~+/-]{8,512}$/.test(secret) ? secret : null;
}

async function probe(token: string | null): Promise<boolean> {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch("/api/v1/stats", { headers });
  return answer.ok;
}

function remember(token: string | null): void {
  try {
    if (token) sessionStorage.setItem(KEY, token);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Then it is known until the page is loaded again.
  }
}

/** Exchanges a secret for a session; answers whether it was right. */
export async function enter(secret: string): Promise<boolean> {
  if (offers("open_session")) {
    const answer = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code: secret }),
    });
    if (!answer.ok) return false;
    session.set({ phase: "in", token: null, name: null });
    return true;
  }
  if (!(await probe(secret))) return false;
  remember(secret);
  session.set({ phase: "in", token: secret, name: null });
  return true;
}

/** At the start of the page. */
export async function begin(): Promise<void> {
  const given = secretOf(location.hash);
  if (given) {
    history.replaceState(history.state, "", location.pathname + location.search);
    if (await enter(given).catch(() => false)) return;
  }
  let token: string | null = null;
  try {
    token = sessionStorage.getItem(KEY);
  } catch {
    // As above.
  }
  // Not reached is not the same as turned away: then the feed goes on trying.
  const known = await probe(token).catch(() => true);
  session.set({ phase: known ? "in" : "out", token: known ? token : null, name: null });
}

export function leave(): void {
  remember(null);
  session.set({ phase: "out", token: null, name: null });
}
