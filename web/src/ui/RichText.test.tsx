import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { RichText } from "./RichText";

test("an answer's quotes, lists and bold words are shown as such", () => {
  const { container } = render(
    <RichText
      text={"This should answer that:\n\n**Refunds**\n\n> Within `14` days.\n> - by card\n> - in cash\n\nBye"}
    />,
  );
  expect(screen.getByText("Refunds").tagName).toBe("STRONG");
  expect(container.querySelector("blockquote p")?.textContent).toBe("Within 14 days.");
  expect([...container.querySelectorAll("blockquote li")].map((li) => li.textContent)).toEqual([
    "by card",
    "in cash",
  ]);
  expect(container.textContent).not.toMatch(/[*>`]/);
});

test("what looks like HTML stays the text that it is", () => {
  const { container } = render(<RichText text={"<img src=x onerror=alert(1)> **<b>bold</b>**"} />);
  expect(container.querySelector("img, b")).toBeNull();
  expect(container.textContent).toBe("<img src=x onerror=alert(1)> <b>bold</b>");
});
