import type { SaveState } from "@/api/useAutosave";
import { texts } from "@/texts";
import { Button } from "./Button";
import { messageOf } from "./States";

/** Beside a field that could not save: what happened, and the ways on. */
export function SaveNote({
  state,
  error,
  onMine,
  onTheirs,
}: {
  state: SaveState;
  error: unknown;
  onMine: () => void;
  onTheirs: () => void;
}) {
  if (state === "conflict") {
    return (
      <div role="alert" className="mt-1 rounded-6 bg-warn-soft px-3 py-2 text-13 text-warn">
        <p className="font-medium">{texts.errors.conflict}</p>
        <p>{texts.errors.conflictHint}</p>
        <div className="mt-2 flex gap-2">
          <Button size="sm" onClick={onMine}>
            {texts.errors.keepMine}
          </Button>
          <Button size="sm" onClick={onTheirs}>
            {texts.errors.takeTheirs}
          </Button>
        </div>
      </div>
    );
  }
  if (state === "failed") {
    return (
      <div role="alert" className="mt-1 flex flex-wrap items-center gap-2 text-13 text-danger">
        <span>{messageOf(error)}</span>
        <Button size="sm" onClick={onMine}>
          {texts.common.retry}
        </Button>
      </div>
    );
  }
  return null;
}
