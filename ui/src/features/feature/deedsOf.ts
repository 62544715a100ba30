// What can be done with a feature as it stands, first the likeliest. Pure: one table for drawer, keys and Needs you.

export type Deed =
  | "answer"
  | "approve"
  | "refuse"
  | "requeue"
  | "front"
  | "claim"
  | "submit"
  | "release"
  | "restart"
  | "withdraw"
  | "close"
  | "reopen"
  | "undo";

/** The number of the slot that a holder is; none for who is outside of the fleet. */
export function slotOf(holder: string): number | null {
  const found = /^slot (\d+)$/.exec(holder);
  return found ? Number(found[1]) : null;
}
export const isSlot = (holder: string) => slotOf(holder) !== null;

export const LABELS: Record<Deed, string> = {
  answer: "Answer…",
  approve: "Approve",
  refuse: "Send back…",
  requeue: "Try again",
  front: "Move to the front",
  claim: "Claim it yourself…",
  submit: "Hand in…",
  release: "End this claim…",
  restart: "End its session…",
  withdraw: "Withdraw…",
  close: "Close…",
  reopen: "Reopen…",
  undo: "Undo…",
};

/** `isOutside`: somebody holds it who is no slot, and hands in by hand. */
export function deedsOf(status: string, isOutside = false): Deed[] {
  switch (status) {
    case "open":
    case "blocked":
      return ["front", "claim", "close", "withdraw"];
    case "claimed":
      // The claim of a slot is its session's: it ends with that.
      return isOutside ? ["submit", "release"] : ["restart", "withdraw"];
    case "asked":
      return ["answer", "close", "withdraw"];
    case "held":
      return ["approve", "refuse"];
    case "quarantined":
    case "set aside":
      return ["requeue", "close", "withdraw"];
    case "submitted":
    case "in review":
    case "approved":
      return ["close"];
    case "closed":
      return ["undo", "reopen"];
    default:
      return [];
  }
}
