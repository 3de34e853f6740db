import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Conflict } from "@/api/save";
import { InlineField } from "./InlineField";

const field = (value: string, save: (text: string) => Promise<unknown>, required = false) => (
  <InlineField label="Title" value={value} save={save} required={required} />
);

test("leaving the field saves it, once", async () => {
  const save = vi.fn().mockResolvedValue(undefined);
  render(field("Old", save));
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Title"), "er");
  await user.tab();
  expect(save.mock.calls).toEqual([["Older"]]);
});

test("what arrives from elsewhere is shown, unless something unsaved is in the field", async () => {
  const save = vi.fn().mockResolvedValue(undefined);
  const view = render(field("Old", save));
  view.rerender(field("Theirs", save));
  expect(screen.getByLabelText("Title")).toHaveProperty("value", "Theirs");
  await userEvent.type(screen.getByLabelText("Title"), "!");
  view.rerender(field("Theirs again", save));
  expect(screen.getByLabelText("Title")).toHaveProperty("value", "Theirs!");
});

test("when someone else changed it meanwhile, both are kept until one is chosen", async () => {
  const save = vi.fn().mockResolvedValue(undefined);
  const view = render(field("Old", save));
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Title"), "er");
  view.rerender(field("Theirs", save));
  await user.tab();
  expect(save).not.toHaveBeenCalled();
  expect(screen.getByRole("alert").textContent).toContain("Someone else changed this");
  await user.click(screen.getByRole("button", { name: "Keep mine" }));
  expect(save.mock.calls).toEqual([["Older"]]);
});

test("a conflict the server finds can be settled by taking theirs", async () => {
  const save = vi.fn().mockRejectedValue(new Conflict({}));
  const view = render(field("Old", save));
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Title"), "er");
  await user.tab();
  view.rerender(field("Theirs", save));
  await user.click(await screen.findByRole("button", { name: "Take theirs" }));
  expect(screen.getByLabelText("Title")).toHaveProperty("value", "Theirs");
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a title that may not be empty comes back", async () => {
  const save = vi.fn().mockResolvedValue(undefined);
  render(field("Old", save, true));
  const user = userEvent.setup();
  await user.clear(screen.getByLabelText("Title"));
  await user.tab();
  expect(save).not.toHaveBeenCalled();
  expect(screen.getByLabelText("Title")).toHaveProperty("value", "Old");
});
