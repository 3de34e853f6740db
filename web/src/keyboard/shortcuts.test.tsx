import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { moveRow, onRowKeys } from "./rows";
import { ShortcutProvider, Shortcuts, useShortcut } from "./shortcuts";

function Page({ on }: { on: (what: string) => void }) {
  useShortcut("g i", () => on("inbox"));
  useShortcut("i", () => on("i"));
  useShortcut("e", () => on("list e"));
  useShortcut("mod+k", () => on("palette"), { inFields: true });
  return <input aria-label="field" />;
}

function Panel({ on }: { on: (what: string) => void }) {
  useShortcut("e", () => on("panel e"));
  return null;
}

function setup(panel: boolean) {
  const on = vi.fn();
  const view = render(
    <ShortcutProvider>
      <Page on={on} />
      {panel ? <Panel on={on} /> : null}
    </ShortcutProvider>,
  );
  return { on, view, user: userEvent.setup() };
}

test("two keys after one another are one command, and the second is not a command of its own", async () => {
  const { on, user } = setup(false);
  await user.keyboard("gi");
  expect(on.mock.calls).toEqual([["inbox"]]);
});

test("the first key of a pair is forgotten after a moment", () => {
  const shortcuts = new Shortcuts();
  const run = vi.fn();
  shortcuts.bind({ keys: "g i", inFields: false, run });
  const press = (key: string) => new KeyboardEvent("keydown", { key });
  shortcuts.handle(press("g"), 0);
  shortcuts.handle(press("i"), 2000);
  expect(run).not.toHaveBeenCalled();
});

test("letters typed into a field are text; Ctrl+K works there too", async () => {
  const { on, user, view } = setup(false);
  await user.click(view.getByLabelText("field"));
  await user.keyboard("gie");
  expect(on).not.toHaveBeenCalled();
  await user.keyboard("{Control>}k{/Control}");
  expect(on.mock.calls).toEqual([["palette"]]);
});

test("an open panel answers before the list below it", async () => {
  const { on, user } = setup(true);
  await user.keyboard("e");
  expect(on.mock.calls).toEqual([["panel e"]]);
});

test("j, k and the arrows walk the rows and stop at the ends", async () => {
  const view = render(
    // biome-ignore lint/a11y/noStaticElementInteractions: stands for a list
    <div data-rows onKeyDown={onRowKeys}>
      {["a", "b", "c"].map((id) => (
        <button type="button" key={id} data-row>
          {id}
        </button>
      ))}
    </div>,
  );
  const user = userEvent.setup();
  moveRow(1);
  expect(document.activeElement).toBe(view.getByText("a"));
  moveRow(1);
  moveRow(1);
  moveRow(1);
  expect(document.activeElement).toBe(view.getByText("c"));
  await user.keyboard("{ArrowUp}");
  expect(document.activeElement).toBe(view.getByText("b"));
  await user.keyboard("{Home}");
  expect(document.activeElement).toBe(view.getByText("a"));
});
