import { expect, it } from "vitest";
import { secretOf } from "./enter";

it.each([
  ["http://127.0.0.1:7070/?project=demo#token=abcDEF123456", "abcDEF123456"],
  ["http://host/sign-in#code=one-time-9", "one-time-9"],
  ["#token=abcDEF123456", "abcDEF123456"],
  ["  abcDEF123456 ", "abcDEF123456"],
  ["token=abcDEF123456", "abcDEF123456"],
])("finds the secret in %s", (text, secret) => expect(secretOf(text)).toBe(secret));

it.each(["", "#", "#view=list", "http://host/p/x", "short", "with space inside it"])(
  "takes nothing of %s",
  (text) => expect(secretOf(text)).toBeNull(),
);
