// Who looks. The browser's proof is a cookie that no script sees; until the server gives those, it is the token of the
// ready line, kept for this tab alone.
import { create } from "@/ui/store";

export type SessionState = {
  phase: "unknown" | "in" | "out";
  token: string | null;
  name: string | null;
};

export const session = create<SessionState>({ phase: "unknown", token: null, name: null });
