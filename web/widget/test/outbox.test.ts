import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { browserStorage, Memory } from "../src/memory";
import { Outbox } from "../src/outbox";

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

function add(outbox: Outbox, ...texts: string[]): string[] {
  return texts.map((text) => {
    vi.advanceTimersByTime(1);
    return outbox.add(text).client_id;
  });
}

const texts = (outbox: Outbox) => outbox.list().map(({ text }) => text);

describe("outbox", () => {
  it("keeps what is written, in order, for the next page", () => {
    add(new Outbox(new Memory("K", localStorage)), "one", "two", "three");
    expect(texts(new Outbox(new Memory("K", localStorage)))).toEqual(["one", "two", "three"]);
  });

  it("gives every message an id of its own that stays the same", () => {
    const outbox = new Outbox(new Memory("K", localStorage));
    const ids = add(outbox, "same", "same");
    expect(new Set(ids).size).toBe(2);
    expect(outbox.list().map(({ client_id }) => client_id)).toEqual(ids);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("lets two tabs write without undoing each other", () => {
    const one = new Outbox(new Memory("K", localStorage));
    const other = new Outbox(new Memory("K", localStorage));
    const [first] = add(one, "from one");
    add(other, "from the other");
    one.remove(first!);
    expect(texts(other)).toEqual(["from the other"]);
  });

  it("goes past what failed, until it is to be tried again", () => {
    const outbox = new Outbox(new Memory("K", localStorage));
    const [first] = add(outbox, "one", "two");
    outbox.mark(first!, "not like this");
    expect(outbox.next()?.text).toBe("two");
    outbox.mark(first!);
    expect(outbox.next()?.text).toBe("one");
  });

  it("gives back everything as one text and is empty then", () => {
    const outbox = new Outbox(new Memory("K", localStorage));
    add(outbox, "one", "two");
    expect(outbox.takeBack()).toBe("one\n\ntwo");
    expect(outbox.list()).toEqual([]);
  });

  it("survives rubbish in the storage", () => {
    localStorage.setItem("deskhand:K:out:x", "{not json");
    expect(new Outbox(new Memory("K", localStorage)).list()).toEqual([]);
  });
});

describe("memory", () => {
  it("keeps channels apart", () => {
    new Memory("A", localStorage).set("visitor", "a");
    expect(new Memory("B", localStorage).get("visitor")).toBeNull();
  });

  it("works for this page where the browser refuses storage", () => {
    const memory = new Memory("K", null);
    memory.set("visitor", "t");
    expect(memory.get("visitor")).toBe("t");
    expect(memory.names("vis")).toEqual(["visitor"]);
    memory.set("visitor", null);
    expect(memory.get("visitor")).toBeNull();
  });

  it("works for this page where the storage is full", () => {
    const memory = new Memory("K", localStorage);
    memory.set("visitor", "old");
    const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    memory.set("visitor", "new");
    expect(memory.get("visitor")).toBe("new");
    full.mockRestore();
    memory.set("visitor", "newer");
    expect(new Memory("K", localStorage).get("visitor")).toBe("newer");
  });

  it("takes a storage that throws when it is looked at for none", () => {
    vi.spyOn(window, "localStorage", "get").mockImplementation(() => {
      throw new DOMException("no", "SecurityError");
    });
    expect(browserStorage("localStorage")).toBeNull();
  });
});
