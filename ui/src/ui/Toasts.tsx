// Short words about one's own actions: what was recorded, and where. Errors never come this way.
import { create } from "./store";

export type Toast = { id: number; text: string; undo?: () => void };

const LASTS = 5000;
let last = 0;
const store = create<Toast[]>([]);

export function toast(text: string, undo?: () => void): void {
  last += 1;
  const id = last;
  store.set([{ id, text, ...(undo && { undo }) }]);
  setTimeout(() => store.set(store.get().filter((one) => one.id !== id)), LASTS);
}

export function Toasts() {
  const shown = store.use();
  return (
    <div role="status" aria-live="polite">
      {shown.map(({ id, text, undo }) => (
        <div key={id} className="toast">
          <span>{text}</span>
          {undo && (
            <button
              type="button"
              onClick={() => {
                undo();
                store.set([]);
              }}
            >
              Undo
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
