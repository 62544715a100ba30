import { afterEach, expect, it, vi } from "vitest";

const answers: (Response | Error)[] = [];
const keys: (string | null)[] = [];
vi.stubGlobal(
  "fetch",
  vi.fn(async (request: Request) => {
    keys.push(request.headers.get("idempotency-key"));
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer ?? new Error("nothing is to be answered");
  }),
);
vi.stubGlobal("location", { origin: "http://server" });
const { writes } = await import("./writes");

const said = (status: number) => Response.json({ position: 7 }, { status });
const away = new TypeError("failed to fetch");
const add = (title: string) => writes.addFeature("zoo", { title }, []).catch(() => null);

afterEach(() => {
  keys.length = 0;
});

it.each([
  ["no answer", away],
  ["a proxy's answer", said(502)],
  ["a server at its end", said(503)],
])("after %s the same wish has the same key", async (_, first) => {
  answers.push(first, said(201), said(201));
  for (let at = 0; at < 3; at += 1) await add("One");
  expect(keys[0]).toBe(keys[1]);
  expect(keys[2]).not.toBe(keys[1]);
});

it("another wish has another key, and so has the first one after it", async () => {
  answers.push(away, said(201), said(201));
  await add("One");
  await add("Two");
  await add("One");
  expect(new Set(keys).size).toBe(3);
});

it("what was refused is a new wish when it is asked again", async () => {
  answers.push(said(422), said(201));
  await add("One");
  await add("One");
  expect(keys[0]).not.toBe(keys[1]);
});
