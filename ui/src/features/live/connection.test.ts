// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { backoff, Connection } from "./connection";
import type { Sent } from "./messages";

class FakeSocket {
  static all: FakeSocket[] = [];
  static OPEN = 1;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((m: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: string[] = [];
  constructor(
    readonly url: URL,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this);
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(...messages: object[]) {
    for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
  fall() {
    this.readyState = 3;
    this.onclose?.();
  }
}

const seen: Sent[][] = [];
const lost = vi.fn();
const refused = vi.fn();
let connection: Connection;
const latest = () => FakeSocket.all.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  seen.length = 0;
  lost.mockClear();
  refused.mockClear();
  connection = new Connection({
    address: (after) => `/api/v1/live${after === null ? "" : `?after=${after}`}`,
    batch: (messages) => seen.push(messages),
    opened: () => {},
    lost,
    refused,
  });
});
afterEach(() => {
  connection.end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("hands over in frames, and only up to a head", () => {
  latest().open();
  latest().say({ type: "event", position: 1, event: {} }, { type: "head", position: 1 });
  latest().say({ type: "event", position: 2, event: {} });
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(seen).toHaveLength(1);
  expect(seen[0]?.map((sent) => sent.type)).toEqual(["event", "head"]);
  latest().say({ type: "head", position: 2 });
  vi.advanceTimersByTime(20);
  expect(seen[1]?.map((sent) => sent.type)).toEqual(["event", "head"]);
});

it("comes back after the last head, so that nothing is missing and nothing twice", () => {
  latest().open();
  latest().say({ type: "head", position: 41 }, { type: "event", position: 42, event: {} });
  vi.advanceTimersByTime(20);
  latest().fall();
  expect(lost).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(600);
  expect(FakeSocket.all).toHaveLength(2);
  expect(latest().url.search).toBe("?after=41");
  latest().open();
  latest().say({ type: "event", position: 42, event: {} }, { type: "head", position: 42 });
  vi.advanceTimersByTime(20);
  expect(seen.flat().filter((sent) => sent.type === "event")).toHaveLength(1);
});

it("says so when it was not let in, and carries nothing secret", () => {
  expect(latest().protocols).toEqual(["supercargo.v1"]);
  latest().fall();
  expect(refused).toHaveBeenCalledOnce();
});

it("gives up a connection that is dead without a word", () => {
  latest().open();
  vi.advanceTimersByTime(20_000);
  expect(latest().sent).toEqual(['{"type":"ping"}']);
  vi.advanceTimersByTime(60_000);
  expect(lost).toHaveBeenCalled();
  expect(FakeSocket.all.length).toBeGreaterThan(1);
});

it("waits longer each time, within bounds", () => {
  expect(backoff(0, 0)).toBe(125);
  expect(backoff(0, 1)).toBe(250);
  expect(backoff(3, 1)).toBe(2000);
  expect(backoff(30, 1)).toBe(15_000);
});
