// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, type DragEvent } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Card } from "@/features/api/shapes";
import { useDrag } from "./useDrag";

const CARDS = ["a", "b", "c"].map((id) => ({ id, priority: 2 }) as Card);
let drag: ReturnType<typeof useDrag>;

function Backlog() {
  drag = useDrag("lantern", CARDS, true);
  return null;
}

const root = createRoot(document.createElement("div"));
const order = () => drag.order.map((one) => one.id).join("");
const dragEvent = { preventDefault() {}, dataTransfer: { setData() {} } } as unknown as DragEvent;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  act(() =>
    root.render(
      <QueryClientProvider client={new QueryClient()}>
        <Backlog />
      </QueryClientProvider>,
    ),
  );
});

afterEach(() => vi.unstubAllGlobals());

it("puts a card back that was dropped nowhere", () => {
  act(() => drag.handlers("a", 0).onDrag?.(dragEvent));
  act(() => drag.handlers("c", 2).onOver?.(dragEvent));
  expect([order(), drag.lifted]).toEqual(["bca", "a"]);
  act(() => drag.handlers("a", 0).onDragEnd?.());
  expect([order(), drag.lifted]).toEqual(["abc", null]);
});
