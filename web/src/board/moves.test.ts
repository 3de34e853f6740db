import { expect, test } from "vitest";
import { aTask } from "@/test/records";
import { afterOf, type Columns, moved, neighbour, placeOf, step } from "./moves";

const columns: Columns = {
  todo: ["a", "b", "c"].map((id) => aTask({ id })),
  doing: [aTask({ id: "d", status: "doing" })],
  done: [],
};
const ids = (c: Columns) => [c.todo, c.doing, c.done].map((list) => list.map((t) => t.id).join(""));

test("a card moves within its column to where it is dropped", () => {
  expect(ids(moved(columns, "a", { status: "todo", index: 2 }))).toEqual(["bca", "d", ""]);
  expect(ids(moved(columns, "c", { status: "todo", index: 0 }))).toEqual(["cab", "d", ""]);
});

test("a card that changes its column changes its status", () => {
  const next = moved(columns, "b", { status: "done", index: 0 });
  expect(ids(next)).toEqual(["ac", "d", "b"]);
  expect(next.done[0]?.status).toBe("done");
  expect(columns.todo[1]?.status).toBe("todo");
});

test("the server is told after whom the card stands, or that it is first", () => {
  expect(afterOf(moved(columns, "a", { status: "todo", index: 2 }), "a")).toBe("c");
  expect(afterOf(moved(columns, "a", { status: "doing", index: 0 }), "a")).toBeNull();
});

test("arrow keys carry a lifted card, and stop at the edges", () => {
  expect(step(columns, "a", "ArrowUp")).toBeNull();
  expect(step(columns, "a", "ArrowLeft")).toBeNull();
  expect(step(columns, "a", "ArrowDown")).toEqual({ status: "todo", index: 1 });
  expect(step(columns, "c", "ArrowRight")).toEqual({ status: "doing", index: 1 });
  expect(step(moved(columns, "c", { status: "done", index: 0 }), "c", "ArrowRight")).toBeNull();
});

test("the focus jumps over an empty column and keeps its height as far as it goes", () => {
  expect(neighbour(columns, "c", "ArrowRight")).toBe("d");
  expect(neighbour(columns, "d", "ArrowRight")).toBeNull();
  const withDone: Columns = { ...columns, doing: [], done: [aTask({ id: "e", status: "done" })] };
  expect(neighbour(withDone, "a", "ArrowRight")).toBe("e");
});

test("a card that is not on the board moves nothing", () => {
  expect(moved(columns, "x", { status: "todo", index: 0 })).toBe(columns);
  expect(placeOf(columns, "x")).toBeNull();
});
