// What the server refuses, and what keeps us from reaching it, as one kind of error with a code and a sentence.

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

type Shape = { status?: unknown; code?: unknown; detail?: unknown; title?: unknown };

/** The problem of an answer; what is no problem document is told by its status. */
export function problemOf(status: number, body: unknown): ApiError {
  const shape = (typeof body === "object" && body !== null ? body : {}) as Shape;
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
  const detail = text(shape.detail) ?? text(shape.title) ?? `The server answered ${status}.`;
  return new ApiError(status, text(shape.code) ?? `http_${status}`, detail);
}

export const NOT_REACHED = "not_reached";

/** Whatever was thrown, as a problem. */
export function asProblem(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof TypeError) {
    return new ApiError(
      0,
      NOT_REACHED,
      "The server cannot be reached. What you typed is kept; try again.",
    );
  }
  return new ApiError(0, "unexpected", thrown instanceof Error ? thrown.message : String(thrown));
}
