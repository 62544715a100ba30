import { expect, it } from "vitest";
import { asProblem, NOT_REACHED, problemOf } from "./problem";

it("takes the server's own words", () => {
  const problem = problemOf(409, { status: 409, code: "not_held", detail: "nobody holds it" });
  expect([problem.status, problem.code, problem.detail]).toEqual([
    409,
    "not_held",
    "nobody holds it",
  ]);
});

it.each([401, 403, 404, 409, 412, 413, 422, 429, 500, 502, 503, 504])(
  "says what %i means where nothing is said",
  (status) => {
    for (const body of ["<html>nginx</html>", "", null, undefined, [], { detail: 7 }]) {
      const { detail, code } = problemOf(status, body);
      expect(detail).toMatch(/^[A-Z].{15,}\.$/);
      expect(detail).not.toContain("answered");
      expect(code).toBe(`http_${status}`);
    }
  },
);

it("says by its number what has no words at all", () => {
  expect(problemOf(418, null).detail).toBe("The server answered 418.");
});

it("knows a server that was not reached", () => {
  expect(asProblem(new TypeError("Failed to fetch")).code).toBe(NOT_REACHED);
  expect(asProblem("odd").detail).toBe("odd");
});
