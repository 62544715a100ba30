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

/** What an answer means that brings no words of its own, and what to do. */
const MEANS: Record<number, string> = {
  401: "This browser is not signed in any more. Sign in again; what you typed is kept.",
  403: "The server does not let this browser do that.",
  404: "It is not there any more.",
  409: "That is not possible as things are now. Look at it again; what you typed is kept.",
  412: "Somebody changed it meanwhile. Look at what is there now; what you typed is kept.",
  413: "That is more than the server takes. Make it shorter.",
  422: "The server does not take these values. Change them; what you typed is kept.",
  429: "Too much was asked at once. Wait a moment and try again; what you typed is kept.",
  500: "The server failed at it, or what stands before it. Try again; what you typed is kept.",
  502: "Something between this browser and the server does not reach it. Try again.",
  503: "The server cannot do that at the moment. Try again; what you typed is kept.",
  504: "Something between this browser and the server waited too long for it. Try again.",
};

/** The problem of an answer; what is no problem document is told by its status. */
export function problemOf(status: number, body: unknown): ApiError {
  const shape = (typeof body === "object" && body !== null ? body : {}) as Shape;
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
  const detail =
    text(shape.detail) ?? MEANS[status] ?? text(shape.title) ?? `The server answered ${status}.`;
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
