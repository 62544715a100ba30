// Whether the list of keys and the palette are shown.
import { create } from "@/ui/store";

export const keysShown = create(false);
export const paletteShown = create(false);
