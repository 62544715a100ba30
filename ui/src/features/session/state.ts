// Who looks. The proof is a cookie that no script sees; here is only what the server says of it.
import { create } from "@/ui/store";

/** `lapsed`: it ended while somebody was at work; what they typed is to be there when they are in again. */
export type SessionState = { phase: "unknown" | "in" | "out" | "lapsed"; name: string | null };

export const session = create<SessionState>({ phase: "unknown", name: null });

/** The server turned a request away for want of a session. */
export function turnedAway(): void {
  const { phase, name } = session.get();
  if (phase === "in") session.set({ phase: "lapsed", name });
  else if (phase === "unknown") session.set({ phase: "out", name: null });
}
