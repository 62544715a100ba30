import { expect, it } from "vitest";
import { named } from "./keys";

const key = (k: string, more: Partial<KeyboardEvent> = {}) =>
  named({ key: k, ctrlKey: false, metaKey: false, shiftKey: false, ...more });

it.each([
  [key("j"), "j"],
  [key("J", { shiftKey: true }), "shift+j"],
  [key("?", { shiftKey: true }), "?"],
  [key("{", { shiftKey: true }), "shift+["],
  [key("[", { shiftKey: false }), "["],
  [key("k", { ctrlKey: true }), "mod+k"],
  [key("k", { metaKey: true }), "mod+k"],
  [key("Enter", { ctrlKey: true }), "mod+enter"],
  [key("Escape"), "escape"],
  [key("ArrowLeft"), "arrowleft"],
])("%s is %s", (found, wanted) => expect(found).toBe(wanted));
