// A walk over the whole log, as the server tells it: a line now and then, and what was found in the last.
import { client } from "@/features/api/client";
import { type ApiError, asProblem, problemOf } from "@/features/api/problem";
import type { components } from "@/features/api/schema.gen";

export type WalkStep = components["schemas"]["WalkStep"];
export type WalkKind = "verify" | "audit";

/** How a walk stands. */
export type Walk =
  | { state: "idle" }
  | { state: "going"; looked: number; of: number }
  | { state: "ended"; found: Exclude<WalkStep, { type: "going" }> }
  | { state: "refused"; problem: ApiError };

const STREAM = { parseAs: "stream" } as const;

function asked(kind: WalkKind) {
  return kind === "verify"
    ? client.POST("/api/v1/log/verify", STREAM)
    : client.POST("/api/v1/log/audit", STREAM);
}

/** Lines of a stream of text, as soon as each is whole; what comes after the last line's end is a line as well. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as never).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value as unknown as string;
    }
  } finally {
    reader.releaseLock();
  }
}

/** Where a walk is after one more step. */
export function after(step: WalkStep): Walk {
  return step.type === "going"
    ? { state: "going", looked: step.looked, of: step.of }
    : { state: "ended", found: step };
}

/** Walks, and tells each step. A walk that ends without having found anything was cut off. */
export async function walkLog(kind: WalkKind, told: (walk: Walk) => void): Promise<void> {
  told({ state: "going", looked: 0, of: 0 });
  let now: Walk = { state: "going", looked: 0, of: 0 };
  try {
    const { data, error, response } = await asked(kind);
    if (!response.ok || !data) throw problemOf(response.status, error);
    for await (const line of linesOf(chunksOf(data as ReadableStream<Uint8Array>))) {
      now = after(JSON.parse(line) as WalkStep);
      told(now);
    }
  } catch (thrown) {
    told({ state: "refused", problem: asProblem(thrown) });
    return;
  }
  if (now.state === "going") {
    const detail = "The connection ended before the walk did: begin it again.";
    told({ state: "ended", found: { type: "failed", detail } });
  }
}
