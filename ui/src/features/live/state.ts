// Whether what is seen is live, and how old it is: shown in the dock, on every screen.
import { create } from "@/ui/store";

export type LiveState = {
  phase: "connecting" | "live" | "lost";
  /** The newest position that was seen, and when it was recorded, as far as that is known. */
  head: number | null;
  headAt: number | null;
  /** Since when there is no connection; when it is tried again. */
  lostAt: number | null;
  retryAt: number | null;
  /** How far the server's clock is ahead of the browser's, in milliseconds. */
  skew: number;
};

export const live = create<LiveState>({
  phase: "connecting",
  head: null,
  headAt: null,
  lostAt: null,
  retryAt: null,
  skew: 0,
});
