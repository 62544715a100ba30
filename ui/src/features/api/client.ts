// The one way to the API: typed by its description, with a key for every write, so that a
// repeated request is not done twice.
import createClient, { type Middleware } from "openapi-fetch";
import { turnedAway } from "@/features/session/state";
import { asProblem, problemOf } from "./problem";
import type { paths } from "./schema.gen";

/** 128 random bits. `crypto.randomUUID` is missing where the page comes over plain http from another machine. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * The write before, while nobody knows whether it was done: no answer came, or one that says no more than that something
 * is wrong. Trying the very same again has the same key, so that it is not done twice; anything else is a new wish.
 */
let unknown: { wish: string; key: string } | null = null;

async function keyOf(request: Request): Promise<string> {
  const wish = `${request.method} ${request.url} ${await request.clone().text()}`;
  if (unknown?.wish !== wish) unknown = { wish, key: freshKey() };
  return unknown.key;
}

const proof: Middleware = {
  async onRequest({ request }) {
    if (!WRITES.has(request.method)) return request;
    request.headers.set("idempotency-key", await keyOf(request));
    // The server takes JSON only, also where a write has nothing to say.
    if (!request.headers.has("content-type"))
      request.headers.set("content-type", "application/json");
    return request;
  },
  onResponse({ request, response }) {
    const { status } = response;
    if (status === 401) turnedAway();
    const key = request.headers.get("idempotency-key");
    if (status < 500 && unknown?.key === key) unknown = null;
  },
};

export const client = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "" });
client.use(proof);

type Answered<T> = { data?: T; error?: unknown; response: Response };

/** What was answered, or the problem thrown. */
export async function must<T>(asked: Promise<Answered<T>>): Promise<T> {
  let answered: Answered<T>;
  try {
    answered = await asked;
  } catch (thrown) {
    throw asProblem(thrown);
  }
  const { data, error, response } = answered;
  if (!response.ok) throw problemOf(response.status, error);
  return data as T;
}
