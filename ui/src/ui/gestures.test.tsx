// @vitest-environment jsdom
// What becomes of a gesture that the browser takes away in the middle: a finger goes on to scroll, or selected text is
// dragged instead. It is no release, and the event that says so has no place.
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Dial } from "./Dial";
import { Timeline } from "./Timeline";

let box: HTMLElement;
let root: Root;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  const held = new Set<number>();
  Object.assign(Element.prototype, {
    setPointerCapture: (id: number) => held.add(id),
    hasPointerCapture: (id: number) => held.has(id),
    releasePointerCapture: (id: number) => held.delete(id),
  });
  box = document.body.appendChild(document.createElement("div"));
  root = createRoot(box);
});

afterEach(() => {
  act(() => root.unmount());
  box.remove();
  vi.unstubAllGlobals();
});

const found = (selector: string) => box.querySelector(selector) as HTMLElement;

function point(on: HTMLElement, type: string, clientX: number): void {
  act(
    () => void on.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 1, clientX })),
  );
}

function timeline() {
  const said = { onSeek: vi.fn(), onSettle: vi.fn() };
  const none = () => {};
  act(() =>
    root.render(
      <Timeline
        counts={[1, 2]}
        marks={[]}
        ticks={[]}
        x={1}
        now={{ position: 9, head: 9, text: "now" }}
        tag={null}
        {...said}
        onStep={none}
        onEnd={none}
        onMark={none}
        onZoom={none}
        onWhole={none}
      />,
    ),
  );
  const line = found(".line");
  line.getBoundingClientRect = () => new DOMRect(100, 0, 1000, 68);
  return { line, ...said };
}

it("settles the handle where it was let go", () => {
  const { line, onSeek, onSettle } = timeline();
  point(line, "pointerdown", 1100);
  point(line, "pointermove", 900);
  point(line, "pointerup", 600);
  expect(onSeek.mock.calls).toEqual([[1], [0.8]]);
  expect(onSettle.mock.calls).toEqual([[0.5]]);
});

it("settles the handle where it was dragged last when the gesture is taken away", () => {
  const { line, onSettle } = timeline();
  point(line, "pointerdown", 1100);
  point(line, "pointermove", 900);
  point(line, "pointercancel", 0);
  point(line, "pointerup", 0);
  expect(onSettle.mock.calls).toEqual([[0.8]]);
});

it("never has selected text dragged instead of the handle", () => {
  const { line } = timeline();
  const start = new Event("dragstart", { bubbles: true, cancelable: true });
  act(() => void line.dispatchEvent(start));
  expect(start.defaultPrevented).toBe(true);
});

it("sends no number that a finger only scrolled over", async () => {
  const onSend = vi.fn(() => true);
  const say = (value: number) => `${value} wanted`;
  act(() =>
    root.render(<Dial label="Slots" value={2} max={10} unable={null} onSend={onSend} say={say} />),
  );
  const range = found("input") as HTMLInputElement;
  const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value") ?? {};
  const slide = (to: string) =>
    act(() => {
      set?.call(range, to);
      range.dispatchEvent(new Event("input", { bubbles: true }));
    });

  slide("7");
  expect(box.textContent).toContain("7 wanted");
  point(range, "pointercancel", 0);
  await act(async () => void range.dispatchEvent(new FocusEvent("focusout", { bubbles: true })));
  expect(box.textContent).toContain("2 wanted");
  expect(onSend).not.toHaveBeenCalled();

  slide("3");
  await act(async () => range.dispatchEvent(new PointerEvent("pointerup", { bubbles: true })));
  expect(onSend.mock.calls).toEqual([[3]]);
});
