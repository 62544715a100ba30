// What can be done with a feature as it stands, first the likeliest. Pure: one table for drawer, keys and Needs you.

export type Deed =
  | "answer"
  | "approve"
  | "refuse"
  | "requeue"
  | "front"
  | "claim"
  | "release"
  | "withdraw"
  | "close"
  | "reopen"
  | "undo";

export const LABELS: Record<Deed, string> = {
  answer: "Answer…",
  approve: "Approve",
  refuse: "Send back…",
  requeue: "Try again",
  front: "Move to the front",
  claim: "Claim it yourself…",
  release: "End this claim…",
  withdraw: "Withdraw…",
  close: "Close…",
  reopen: "Reopen…",
  undo: "Undo…",
};

export function deedsOf(status: string): Deed[] {
  switch (status) {
    case "open":
    case "blocked":
      return ["front", "claim", "close", "withdraw"];
    case "claimed":
      return ["release"];
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
