// Handlers that every form and every figure with buttons needs.
import type { FormEvent, KeyboardEvent } from "react";

/** A form that is sent by script. */
export function submitted(send: () => void): (event: FormEvent) => void {
  return (event) => {
    event.preventDefault();
    send();
  };
}

/** What a button does with Enter and Space, for what is none. */
export function pressed(act: () => void): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act();
  };
}
