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
  | "withdraw"
  | "close"
  | "reopen"
  | "undo";

/** Whether a holder is one of the fleet. */
export const isSlot = (holder: string) => /^slot \d+$/.test(holder);

export const LABELS: Record<Deed, string> = {
  answer: "Answer…",
  approve: "Approve",
  refuse: "Send back…",
  requeue: "Try again",
  front: "Move to the front",
  claim: "Claim it yourself…",
  submit: "Hand in…",
  release: "End this claim…",
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
      return isOutside ? ["submit", "release"] : ["release"];
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
