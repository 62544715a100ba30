// One WebSocket that stays: it comes back by itself, goes on after the last position that was handed over, and notices
// a connection that is dead without a word. Messages are handed over in batches of one frame.
import { read, type Sent } from "./messages";

export const PROTOCOL = "supercargo.v1";
const FIRST_WAIT = 250;
const LONGEST_WAIT = 15_000;
/** A sign of life is asked for this often, and the connection given up when none came for twice as long. */
const PING_EVERY = 20_000;

export type Handlers = {
  address: (after: number | null) => string;
  batch: (messages: Sent[]) => void;
  opened: () => void;
  lost: (retryAt: number) => void;
  /** It was turned away before it opened once: perhaps nobody is signed in any more. */
  refused: () => void;
};

/** The wait before try n, with chance in it so that a hundred browsers do not come at once. */
export function backoff(tries: number, chance: number): number {
  const full = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** tries);
  return Math.round(full / 2 + (full / 2) * chance);
}

export class Connection {
  #socket: WebSocket | null = null;
  #handlers: Handlers;
  #after: number | null;
  #waiting: Sent[] = [];
  #frame: number | null = null;
  #tries = 0;
  #heard = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #pings: ReturnType<typeof setInterval> | null = null;
  #ended = false;

  constructor(handlers: Handlers, after: number | null = null) {
    this.#handlers = handlers;
    this.#after = after;
    this.#open();
    addEventListener("online", this.again);
    document.addEventListener("visibilitychange", this.#looked);
  }

  end(): void {
    this.#ended = true;
    removeEventListener("online", this.again);
    document.removeEventListener("visibilitychange", this.#looked);
    if (this.#retry) clearTimeout(this.#retry);
    this.#drop();
  }

  /** Tries at once. */
  again = (): void => {
    if (this.#ended || this.#socket) return;
    if (this.#retry) clearTimeout(this.#retry);
    this.#open();
  };

  /** Back from sleep, a socket may be dead without knowing it. */
  #looked = (): void => {
    if (document.hidden) return;
    if (this.#socket && Date.now() - this.#heard > 2 * PING_EVERY) this.#drop(true);
    this.again();
  };

  #open(): void {
    const url = new URL(this.#handlers.address(this.#after), location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, [PROTOCOL]);
    let opened = false;
    this.#socket = socket;
    this.#heard = Date.now();

    socket.onopen = () => {
      opened = true;
      this.#tries = 0;
      this.#handlers.opened();
      this.#pings = setInterval(() => this.#ping(socket), PING_EVERY);
    };
    socket.onmessage = (message) => this.#take(message);
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      if (!opened) this.#handlers.refused();
      this.#drop(true);
    };
  }

  #ping(socket: WebSocket): void {
    if (Date.now() - this.#heard > 2 * PING_EVERY) this.#drop(true);
    else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
  }

  #take(message: MessageEvent): void {
    this.#heard = Date.now();
    const sent = typeof message.data === "string" ? read(message.data) : null;
    if (!sent || sent.type === "pong") return;
    this.#waiting.push(sent);
    // A page that nobody looks at gets no frames.
    this.#frame ??= document.hidden
      ? window.setTimeout(this.#hand, 200)
      : requestAnimationFrame(this.#hand);
  }

  /** Hands over what ends with a head: between two heads a board would be of no one instant. */
  #hand = (): void => {
    this.#frame = null;
    const until = this.#waiting.findLastIndex((sent) => sent.type === "head");
    if (until < 0) return;
    const batch = this.#waiting.splice(0, until + 1);
    const head = batch[until];
    if (head?.type === "head") this.#after = head.position;
    this.#handlers.batch(batch);
  };

  #drop(again = false): void {
    const socket = this.#socket;
    this.#socket = null;
    // Without a head after them they come again.
    this.#waiting = [];
    if (this.#pings) clearInterval(this.#pings);
    socket?.close();
    if (!again || this.#ended) return;

    const wait = backoff(this.#tries, Math.random());
    this.#tries += 1;
    this.#handlers.lost(Date.now() + wait);
    this.#retry = setTimeout(this.again, wait);
  }
}
